"""Applications: what was let in is shown, and put out with everything it holds."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.oauth import Party, error_of
from kit.visiting import ENDPOINTS, Visitor, allow, place_of, wish

from yett.issuer.account.applications import list_applications
from yett.issuer.token import token
from yett.state.accounts.users import add_user

PATH = "/account/applications"


@pytest.fixture
def party(server, person):
    return Party(server)


@pytest.fixture
def browser(server, party):
    made = Visitor(server)
    made.sign_in(party.user)
    return made


def held(server, person):
    with server.store.read() as tx:
        return [(one.client, one.scopes) for one in list_applications(tx, person.id, NOW)]


def test_shown(server, person, party, browser):
    """Who was let in is listed with what it may do, in words and without its markup."""
    assert b"No application" in browser.get(PATH).body
    party.change(name="<b>App</b>")
    allow(browser, browser.get("/authorize", **wish(scope="orders:read openid")))
    page = browser.get(PATH)
    assert b"<b>App" not in page.body
    assert b"read orders" in page.body
    assert held(server, person) == [("app", ("openid", "orders:read"))]


def test_put_out(server, person, party, browser):
    """Its tokens end, and the person is asked the next time."""
    code = place_of(allow(browser, browser.get("/authorize", **wish())))[1]["code"]
    tokens = party.exchange(code)
    assert place_of(browser.post(PATH + "/end", client="app"))[0] == server.at(PATH)
    assert held(server, person) == []
    ask = party.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert error_of(token, server, ask) == "invalid_grant"
    assert place_of(browser.get("/authorize", **wish()))[0] == server.at("/consent")


def test_only_ones_own(server, person, party, browser):
    """What somebody else has let in stays (CWE-639), and so does everything where none is named."""
    allow(browser, browser.get("/authorize", **wish()))
    other = Visitor(server)
    other.sign_in(server.store.write(lambda tx: add_user(tx, login="bob", now=NOW)))
    other.post(PATH + "/end", client="app")
    browser.post(PATH + "/end")
    browser.post(PATH + "/end", client="nobody")
    assert held(server, person) == [("app", ("orders:read",))]


def test_signed_in_only(server, party):
    """Without a sign-in both lead to it; the form is our own."""
    stranger = Visitor(server)
    assert place_of(stranger.get(PATH))[0] == server.at("/sign-in")
    assert place_of(stranger.post(PATH + "/end", client="app"))[0] == server.at("/sign-in")
    assert ENDPOINTS["POST", PATH + "/end"].form
