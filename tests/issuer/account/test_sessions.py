"""Ending sessions: one's own, one or all others, at once."""

from __future__ import annotations

from kit.accounts import NOW
from kit.authenticator import Authenticator
from kit.household import Household
from kit.visitor import where

from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import add_user


def of(home):
    with home.server.store.read() as tx:
        return [one.id for one in list_sessions(tx, home.person.id, NOW)]


def elsewhere(home):
    other = Household(home.server, home.person, home.authenticator)
    other.sign_in()
    return other


def test_another_session_is_ended_and_revoked(home):
    """The other browser is out, and so are the tokens of its session."""
    (mine,) = of(home)
    other = elsewhere(home)
    (theirs,) = set(of(home)) - {mine}
    assert where(home.end(theirs)) == "https://api.example.com/auth/account"
    assert other.account().status == 303
    with home.server.store.read() as tx:
        assert [(row.kind, row.value) for row in in_force(tx, NOW)] == [("sid", theirs)]


def test_all_others_end_at_once(home):
    """This browser stays."""
    (mine,) = of(home)
    elsewhere(home)
    elsewhere(home)
    home.end("others")
    assert of(home) == [mine]


def test_ending_ones_own_takes_the_cookies(home):
    """It is a sign-out."""
    (mine,) = of(home)
    home.end(mine)
    assert home.browser.cookies == {}


def test_nobody_elses_session_is_ended(home):
    """Another person's session id names nothing here (CWE-639)."""
    bob = home.server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    his = Household(home.server, bob, Authenticator(user=bob.id))
    his.enrol()
    (mine,) = of(home)
    his.end(mine)
    his.end("others")
    assert of(home) == [mine]
