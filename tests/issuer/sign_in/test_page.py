"""The sign-in page: who asks, what is confirmed, and the same for everybody."""

from __future__ import annotations

import pytest
from kit.accounts import NOW, make_server
from kit.authenticator import Authenticator
from kit.household import Household
from kit.pages import Page, options_of
from kit.visitor import Visitor, text_of, where

from yett.issuer.pending import Pending, keep_pending
from yett.issuer.sign_in.page import ask_who
from yett.state.accounts.clients import Client, add_client

DETAIL = {"type": "urn:yett:operation", "operation": "payOut", "digest": "ab" * 32}


@pytest.fixture
def home(server, person):
    made = Household(server, person, Authenticator(user=person.id))
    client = Client(
        id="app",
        name="The <App>",
        kind="public",
        auth="none",
        grants=("authorization_code",),
        redirects=("https://app.example.com/cb",),
    )
    server.store.write(lambda tx: add_client(tx, client))
    return made


def ask(home, now=NOW, **more):
    pending = Pending(
        client="app",
        redirect="https://app.example.com/cb",
        challenge="c" * 43,
        created=now,
        **more,
    )
    return home.server.store.write(lambda tx: keep_pending(tx, pending, now)).id


def test_a_stranger_is_asked_for_a_passkey_and_no_name(home):
    """No passkey is listed, nothing tells which accounts there are."""
    page = Page(home.sign_in_page())
    options, _ = options_of(page.form("/sign-in/passkey"))
    assert options["allowCredentials"] == []
    assert "Sign in" in page.text
    assert list(home.browser.cookies) == ["__Host-yett-browser"]


def test_the_page_says_who_asks_and_what_for(home):
    """The client's name and the operation stand there as text."""
    r = ask(home, details=(DETAIL,))
    answer = home.sign_in_page(r=r)
    page = Page(answer)
    assert "The <App> asks you to sign in." in page.text
    assert "payOut" in page.text
    policy = dict(answer.headers)["content-security-policy"]
    assert "form-action https://api.example.com/auth/ https://app.example.com;" in policy
    assert "<App>" not in text_of(answer)


def test_who_is_signed_in_confirms(home):
    """A step-up names the person, lists their passkeys, and offers another account."""
    home.enrol()
    r = ask(home, NOW + 600, max_age=300.0)
    page = Page(home.sign_in_page(NOW + 600, r=r))
    options, _ = options_of(page.form("/sign-in/passkey"))
    assert "Confirm that it is you" in page.text
    assert "Ada Lovelace" in page.text
    assert len(options["allowCredentials"]) == 1
    (other,) = [link for link in page.links if "other=1" in link]
    assert other == f"/auth/sign-in?r={r}&other=1"
    fresh = Page(home.sign_in_page(NOW + 600, r=r, other="1"))
    assert options_of(fresh.form("/sign-in/passkey"))[0]["allowCredentials"] == []


def test_a_sign_in_that_is_good_enough_goes_on(home):
    """Nobody is asked twice."""
    home.enrol()
    r = ask(home, acr=("urn:yett:phishing-resistant",), max_age=300.0)
    assert where(home.sign_in_page(r=r)) == f"https://api.example.com/auth/authorize?r={r}"
    assert where(home.sign_in_page()) == "https://api.example.com/auth/account"


def test_a_request_that_is_over_is_said_so(home):
    """An id that names nothing leads nowhere."""
    answer = home.sign_in_page(r="gone")
    assert answer.status == 400
    assert "begin again" in text_of(answer)


def test_only_named_places_are_carried(home):
    """What somebody wrote into `to` does not come back."""
    body = text_of(home.sign_in_page(to="https://evil.example"))
    assert "evil" not in body


def test_other_ways_are_offered_as_configured(tmp_path):
    """The same list for everybody; a password only where passwords are on."""
    for on in (False, True):
        server = make_server(tmp_path / str(on), passwords=on)
        page = Page(Visitor(server).get(ask_who, "/sign-in", now=NOW))
        assert ("/auth/sign-in/password" in page.links) == on
        assert "/auth/sign-in/recovery" in page.links
