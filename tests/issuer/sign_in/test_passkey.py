"""Signing in with a passkey: by its owner, in the browser that asked, once."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.authenticator import UP, Authenticator
from kit.household import Household
from kit.pages import Page, sign_with
from kit.visitor import Visitor, text_of, where

from yett.issuer.sign_in.passkey import take_passkey
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import list_passkeys, revoke_passkey
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import DISABLED, add_user, change_user, find_user

ACCOUNT = "https://api.example.com/auth/account"


@pytest.fixture
def home(server, person):
    """Ada with a passkey, at a browser that nobody has signed in with."""
    made = Household(server, person, Authenticator(user=person.id))
    made.enrol()
    made.browser = Visitor(server)
    return made


def sessions(home, person=None, now=NOW):
    with home.server.store.read() as tx:
        return list_sessions(tx, (person or home.person).id, now)


def test_a_passkey_signs_its_owner_in(home):
    """Without a name, strong and fresh."""
    assert where(home.sign_in(NOW + 10)) == ACCOUNT
    session = sessions(home, now=NOW + 10)[0]
    assert (session.acr, session.auth_time) == ("urn:yett:phishing-resistant", NOW + 10)


def test_a_step_up_moves_the_time_and_the_cookie(home):
    """The session goes on, and whoever had its cookie is out."""
    home.sign_in()
    before = sessions(home)
    old = dict(home.browser.cookies)
    assert where(home.sign_in(NOW + 900, to="account")) == ACCOUNT
    after = sessions(home, now=NOW + 900)
    assert {one.id for one in after} == {one.id for one in before}
    assert max(one.auth_time for one in after) == NOW + 900
    home.browser.cookies = old
    assert home.account(NOW + 901).status == 303


def test_another_persons_passkey_does_not_confirm(home):
    """A step-up is by who is signed in; signing in as another is asked for by name of it."""
    home.sign_in()
    bob = home.server.store.write(lambda tx: add_user(tx, login="bob", now=NOW))
    his = Household(home.server, bob, Authenticator(user=bob.id))
    his.enrol()
    home.authenticator = his.authenticator
    answer = home.sign_in(to="account")
    assert answer.status == 403
    assert where(home.sign_in(to="account", other="1")) == ACCOUNT
    with home.server.store.read() as tx:
        assert list_sessions(tx, bob.id, NOW)


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ({"origin": "https://evil.example"}, {}),
        ({"crossOrigin": True}, {}),
        ({}, {"flags": UP}),
        ({}, {"rp_id": "evil.example"}),
        ({}, {"spoil": lambda made: b"x" + made[1:]}),
    ],
)
def test_a_forgery_signs_nobody_in(home, said, parts):
    """The page says that it failed, not why, and offers to try again."""
    answer = home.sign_in(said=said, parts=parts)
    assert answer.status == 403
    page = Page(answer)
    assert "The passkey was not accepted." in page.text
    assert "/auth/sign-in" in page.links
    assert "origin" not in page.text
    assert "__Host-yett-sign-in" not in home.browser.cookies


def test_a_replay_signs_nobody_in(home):
    """The same form again, in the same browser."""
    page = Page(home.sign_in_page())
    shown = sign_with(home.authenticator, page.form("/sign-in/passkey"))
    form = page.fields("/sign-in/passkey", credential=shown)
    assert where(home.send(form))
    assert home.send(form).status == 403


def test_an_assertion_is_good_in_its_browser_only(home):
    """Login CSRF: what an attacker signed does not sign a victim's browser in (CWE-352)."""
    page = Page(home.sign_in_page())
    shown = sign_with(home.authenticator, page.form("/sign-in/passkey"))
    form = page.fields("/sign-in/passkey", credential=shown)
    victim = Visitor(home.server)
    assert victim.post(take_passkey, "/sign-in/passkey", form=form, now=NOW).status == 403
    other = Household(home.server, home.person, home.authenticator)
    other.sign_in_page()
    assert other.send(form).status == 403


def test_an_assertion_is_good_for_its_request_only(home):
    """What was signed for one place is not taken for another."""
    page = Page(home.sign_in_page(to="account"))
    shown = sign_with(home.authenticator, page.form("/sign-in/passkey"))
    form = page.fields("/sign-in/passkey", credential=shown) | {"to": "passkey"}
    assert home.send(form).status == 403


def test_a_copied_passkey_is_refused_and_the_ledger_knows(home):
    """The refusal is shown, and what was found out is committed with it."""
    assert where(home.sign_in(parts={"count": 7}))
    home.browser = Visitor(home.server)
    assert home.sign_in(parts={"count": 7}).status == 403
    with home.server.store.read() as tx:
        assert "passkey-cloned" in [event.kind for _, event in untold(tx)]


def test_a_revoked_passkey_and_a_disabled_person_are_out(home):
    """Each for itself; the person learns only that the account cannot sign in."""

    def disable(tx):
        change_user(tx, find_user(tx, home.person.id), now=NOW, status=DISABLED)

    home.server.store.write(disable)
    answer = home.sign_in()
    assert answer.status == 403
    assert "ask an administrator" in text_of(answer)
    with home.server.store.read() as tx:
        (key,) = list_passkeys(tx, home.person.id)
    home.server.store.write(lambda tx: revoke_passkey(tx, home.person.id, key.id, NOW))
    assert "was not accepted" in text_of(home.sign_in())


@pytest.mark.parametrize("credential", ["", "{}", "x" * 100])
def test_nonsense_is_refused(home, credential):
    """No credential, or none that can be read."""
    page = Page(home.sign_in_page())
    form = page.fields("/sign-in/passkey", credential=credential)
    assert home.send(form).status == 403
