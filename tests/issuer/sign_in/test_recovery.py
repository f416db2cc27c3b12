"""Signing in with a recovery code: once, alone, and with an end to everything before."""

from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW
from kit.visitor import Visitor, text_of, where

from yett.issuer import recovery, throttle
from yett.issuer.http import Ask
from yett.issuer.sessions import begin, current
from yett.issuer.sign_in.recovery import WRONG, ask_code, take_code
from yett.state.accounts.notices import untold
from yett.state.accounts.recovery import codes_left
from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import DISABLED, change_user

PATH = "/sign-in/recovery"


@pytest.fixture
def codes(server, person):
    """The codes of `ada`."""
    return server.store.write(lambda tx: recovery.renew(tx, person.id, NOW, person.id))


def post(visitor, code, login="ada", now=NOW, **more):
    form = {"login": login, "code": code}
    form = {name: value for name, value in form.items() if value}
    return visitor.post(take_code, PATH, form=form, now=now, **more)


def live(server, person):
    with server.store.read() as tx:
        return list_sessions(tx, person.id, NOW)


def signed_in(server, person):
    ask = Ask(method="POST", path="/", now=NOW - 60)
    session, _ = server.store.write(
        lambda tx: begin(server, tx, ask, person, acr="urn:yett:phishing-resistant", amr=("hwk",))
    )
    return session


def test_a_code_signs_in_with_one_factor(server, person, codes):
    """It is never a second factor, and leads to where a passkey is made."""
    answer = post(Visitor(server), codes[0])
    assert where(answer) == "https://api.example.com/auth/account/passkeys/new"
    (session,) = live(server, person)
    assert (session.acr, session.amr) == ("urn:yett:single-factor", ("kba",))


def test_everything_before_ends(server, person, codes):
    """Other sessions end, and every worker learns of it; the new one lives, with its cookies."""
    old = [signed_in(server, person) for _ in range(3)]
    visitor = Visitor(server)
    post(visitor, codes[0])
    (session,) = live(server, person)
    with server.store.read() as tx:
        revoked = {row.value for row in in_force(tx, NOW)}
        ask = Ask(method="GET", path="/", now=NOW, cookies=visitor.cookies)
        assert current(server, tx, ask).id == session.id
    assert revoked == {one.id for one in old}


def test_a_waiting_request_is_not_answered_by_it(server, codes):
    """Who has just recovered makes a passkey first; the client asks again."""
    visitor = Visitor(server)
    answer = visitor.post(
        take_code, PATH, form={"login": "ada", "code": codes[0], "to": "device"}, now=NOW
    )
    assert where(answer).endswith("/account/passkeys/new")


def test_a_code_is_good_once(server, person, codes):
    """A used code is refused, in the words of a wrong one."""
    assert post(Visitor(server), codes[0]).status == 303
    answer = post(Visitor(server), codes[0])
    assert answer.status == 403
    assert WRONG in text_of(answer)
    assert len(live(server, person)) == 1


def test_at_the_same_moment_one_gets_in(server, codes):
    """A code sent eight times at once signs in once."""
    answers = []

    def one(number):
        answers.append(post(Visitor(server), codes[0], source=f"192.0.2.{number}").status)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303] + [403] * 7


@pytest.mark.parametrize(("login", "code"), [("nobody", "x"), ("ada", ""), ("", ""), ("ada", "x")])
def test_what_is_wrong_is_not_told(server, codes, login, code):
    """A wrong name and a wrong code have one answer."""
    answer = post(Visitor(server), code, login)
    assert answer.status == 403
    assert WRONG in text_of(answer)
    assert live_or_none(server)


def live_or_none(server):
    with server.store.read() as tx:
        return not [event for _, event in untold(tx) if event.kind == "signed-in"]


def test_a_disabled_account_keeps_its_codes(server, person, codes):
    """Its codes open nothing, and are not used up by trying."""
    server.store.write(lambda tx: change_user(tx, person, now=NOW, status=DISABLED))
    assert post(Visitor(server), codes[0]).status == 403
    with server.store.read() as tx:
        assert codes_left(tx, person.id) == recovery.CODES


def test_guessing_is_slowed(server, codes):
    """After some wrong codes the right one waits."""
    for _ in range(throttle.HERE.free + 1):
        assert post(Visitor(server), "wrong").status == 403
    assert post(Visitor(server), codes[0]).status == 429


def test_the_page_asks_and_says_what_it_does(server):
    """Anybody may look at it, whatever their account has."""
    page = text_of(Visitor(server).get(ask_code, PATH, query={"to": "account"}, now=NOW))
    assert "It ends all your sessions" in page
    assert 'name="to" value="account"' in page
