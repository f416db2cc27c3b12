"""The account page: what somebody has, escaped, and nobody else's."""

from __future__ import annotations

from kit.accounts import NOW
from kit.authenticator import Authenticator
from kit.household import Household
from kit.pages import Page
from kit.visitor import text_of, where

from yett.state.accounts.users import add_user


def test_it_shows_passkeys_sessions_and_what_is_missing(home):
    """One passkey is one way in, and the page says so."""
    page = Page(home.account())
    assert "Ada Lovelace" in page.text
    assert "Google Password Manager" in page.text
    assert "You have one way in." in page.text
    assert "This browser" in page.text
    assert "/auth/account/passkeys/new" in page.links
    assert "/auth/end_session" in page.links


def test_with_two_passkeys_there_is_no_warning(home):
    """Losing one leaves a way in."""
    home.add(Authenticator(user=home.person.id), label="Spare")
    page = Page(home.account())
    assert "Spare" in page.text
    assert "You have one way in." not in page.text


def test_nobody_is_sent_to_sign_in(server, person):
    """And comes back to the account."""
    stranger = Household(server, person, Authenticator(user=person.id))
    assert where(stranger.account()) == "https://api.example.com/auth/sign-in?to=account"


def test_what_people_wrote_is_text(home):
    """A label or a browser's name is never markup (CWE-79)."""
    home.add(Authenticator(user=home.person.id), label="<img src=x>")
    body = text_of(home.account())
    assert "<img" not in body
    assert "&lt;img src=x&gt;" in body


def test_other_people_are_not_on_it(home):
    """Passkeys and sessions of others are theirs."""
    bob = home.server.store.write(lambda tx: add_user(tx, login="bob", name="Bob B", now=NOW))
    his = Household(home.server, bob, Authenticator(user=bob.id))
    his.enrol()
    his.add(Authenticator(user=bob.id), label="Bobs spare")
    assert "Bob" not in Page(home.account()).text
    assert len(Page(home.account()).all("/account/sessions/end")) == 0


def test_the_device_is_told_which_passkeys_are_good(home):
    """The signal names the account's live passkeys alone."""
    body = text_of(home.account())
    assert "allAcceptedCredentialIds" in body
