"""Fresh recovery codes: to who has just signed in, once, and the old ones end."""

from __future__ import annotations

import re

import pytest
from kit.accounts import NOW
from kit.visiting import Visitor, place_of

from yett.issuer import recovery
from yett.issuer.account.recovery import PATH

CODE = re.compile(rb"<code>([0-9a-z-]{19})</code>")


@pytest.fixture
def visitor(server, person):
    """A browser in which `ada` has just signed in."""
    made = Visitor(server)
    made.sign_in(person)
    return made


def test_ten_codes_are_shown_once(server, person, visitor):
    """The page that makes them shows them; no page shows them again, and no cache keeps it."""
    assert b"You have no codes" in visitor.get(PATH).body
    answer = visitor.post(PATH)
    codes = CODE.findall(answer.body)
    assert len(codes) == recovery.CODES
    assert ("cache-control", "no-store") in answer.headers
    page = visitor.get(PATH).body
    assert b"You have 10 codes left" in page
    assert not CODE.findall(page)
    code = codes[0].decode()
    assert server.store.write(lambda tx: recovery.redeem(tx, person.id, code, NOW))


def test_new_codes_end_the_old(server, person, visitor):
    """Whoever has the old sheet has nothing."""
    old = CODE.findall(visitor.post(PATH).body)[0].decode()
    visitor.post(PATH)
    assert not server.store.write(lambda tx: recovery.redeem(tx, person.id, old, NOW))


def test_looking_makes_none(server, person, visitor):
    """A page that is only read changes nothing."""
    old = CODE.findall(visitor.post(PATH).body)[0].decode()
    visitor.get(PATH)
    assert server.store.write(lambda tx: recovery.redeem(tx, person.id, old, NOW))


@pytest.mark.parametrize("how", ["nobody", "old"])
def test_only_who_has_just_signed_in(server, visitor, how):
    """An open screen or a stolen cookie makes no codes; nor does a recovery code make ten more."""
    if how == "nobody":
        visitor.cookies.clear()
    else:
        visitor.now += 600
    for answer in (visitor.get(PATH), visitor.post(PATH)):
        assert place_of(answer) == ("https://api.example.com/auth/sign-in", {"to": "recovery"})
