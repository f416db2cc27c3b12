"""Another app in the place of the old one, which works until the new one does."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.factors import code_of, enrolled, make_issuer, secret_of
from kit.visiting import Visitor, hidden_of, place_of

from yett.issuer import totp
from yett.issuer.account.second_factor import PATH
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import add_user


@pytest.fixture
def server(tmp_path):
    """An issuer with passwords."""
    made = make_issuer(tmp_path)
    yield made
    made.store.close()


def verify(server, user, digits, now):
    return server.store.write(lambda tx: totp.verify(server, tx, user.id, digits, now))


def test_the_new_app_takes_the_place_of_the_old(server):
    """Its code confirms it; the old one's are good for nothing; other sessions end."""
    ada, old = enrolled(server)
    Visitor(server).sign_in(ada)
    visitor = Visitor(server)
    mine = visitor.sign_in(ada)
    page = visitor.get(PATH)
    secret = secret_of(page)
    answer = visitor.post(PATH, code=code_of(secret), **hidden_of(page))
    assert place_of(answer)[0].endswith("/account")
    assert not verify(server, ada, code_of(old, NOW + 90), NOW + 90)
    assert verify(server, ada, code_of(secret, NOW + 90), NOW + 90)
    with server.store.read() as tx:
        assert [one.id for one in list_sessions(tx, ada.id, NOW)] == [mine.id]


def test_a_wrong_code_changes_nothing(server):
    """The old app goes on, and the same secret is shown again."""
    ada, old = enrolled(server)
    visitor = Visitor(server)
    visitor.sign_in(ada)
    page = visitor.get(PATH)
    again = visitor.post(PATH, code="000000", **hidden_of(page))
    assert again.status == 403
    assert secret_of(again) == secret_of(page)
    assert verify(server, ada, code_of(old, NOW + 90), NOW + 90)


def test_an_app_alone_is_not_enrolled(server):
    """Without a password there is nothing it would be the second factor of."""
    bob = server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    visitor = Visitor(server)
    visitor.sign_in(bob)
    assert place_of(visitor.get(PATH))[0].endswith("/account/password")
    assert visitor.post(PATH, code="000000").status == 403


def test_an_old_sign_in_changes_nothing(server):
    """It leads to the sign-in page."""
    ada, _ = enrolled(server)
    visitor = Visitor(server)
    visitor.sign_in(ada)
    visitor.now += 600
    assert place_of(visitor.post(PATH, code="000000"))[1] == {"to": "second-factor"}
