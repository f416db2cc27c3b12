from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.oauth import Party, claims_of, error_of
from kit.visiting import ENDPOINTS, Visitor, hidden_of, place_of

from yett.issuer.own_tokens import is_alive
from yett.issuer.token import token
from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import find_session

AFTER = "https://app.example.com/bye"
SCOPES = ("openid", "orders:read", "orders:write", "offline_access")


@pytest.fixture
def party(server):
    return Party(server, logout_redirects=(AFTER,), scopes=SCOPES)


@pytest.fixture
def browser(server, party):
    made = Visitor(server)
    party.session = made.sign_in(party.user)
    return made


def id_token_of(party, scopes=("openid", "orders:read")):
    return party.exchange(party.code(scopes=scopes))["id_token"]


def ended(party):
    with party.server.store.read() as tx:
        return bool(find_session(tx, party.session.id).ended)


def test_by_its_own_id_token(server, party, browser):
    """With an ID token of this session it is done at once, and the browser goes on."""
    answer = browser.get(
        "/end_session",
        id_token_hint=id_token_of(party),
        post_logout_redirect_uri=AFTER,
        state="s1",
    )
    assert place_of(answer) == (AFTER, {"state": "s1"})
    assert ended(party)
    assert browser.cookies["__Host-yett-sign-in"] == ""
    with server.store.read() as tx:
        assert ("sid", party.session.id) in [(one.kind, one.value) for one in in_force(tx, NOW)]


def test_an_expired_id_token_will_do(party, browser):
    """It says whose session it was, and nobody keeps one fresh for this (s2)."""
    hint = id_token_of(party)
    browser.now += 1200
    assert browser.get("/end_session", id_token_hint=hint).status == 200
    assert ended(party)


def test_grants_end_with_it(server, party, browser):
    """Refresh tokens of the session end, but for those that act while one is away."""
    here = party.exchange()
    away = party.exchange(party.code(scopes=("orders:read", "offline_access")))
    browser.get("/end_session", id_token_hint=id_token_of(party))
    party.now = NOW + 1
    ask = party.ask(grant_type="refresh_token", refresh_token=here["refresh_token"])
    assert error_of(token, server, ask) == "invalid_grant"
    fresh = party.refresh(away["refresh_token"])["access_token"]
    with server.store.read() as tx:
        assert is_alive(server, tx, claims_of(fresh), party.now)
        assert not is_alive(server, tx, claims_of(away["access_token"]), party.now)


@pytest.mark.parametrize("how", ["none", "forged", "other session", "access token"])
def test_others_are_asked(server, party, browser, how):
    """Anybody can send a browser here: without a good ID token of this session nothing happens."""
    hint = id_token_of(party)
    if how == "forged":
        hint = hint[:-8] + "AAAAAAAA"
    elif how == "access token":
        hint = party.exchange()["access_token"]
    elif how == "other session":
        other = Visitor(server)
        party.session, mine = other.sign_in(party.user), party.session
        hint, party.session = id_token_of(party), mine
    page = browser.get("/end_session", **({} if how == "none" else {"id_token_hint": hint}))
    assert page.status == 200
    assert b"Sign out?" in page.body
    assert not ended(party)
    done = browser.post("/end_session/confirm", **hidden_of(page))
    assert done.status == 200
    assert ended(party)


def test_confirmed_and_sent_on(server, party, browser):
    """Where to go on is kept with the page's ticket, and checked before."""
    page = browser.get("/end_session", client_id="app", post_logout_redirect_uri=AFTER, state="x")
    assert "https://app.example.com" in dict(page.headers)["content-security-policy"]
    answer = browser.post("/end_session/confirm", **hidden_of(page))
    assert place_of(answer) == (AFTER, {"state": "x"})


@pytest.mark.parametrize(
    "changed",
    [
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": AFTER + "/"},
        {"post_logout_redirect_uri": "https://app.example.com/callback"},
        {"client_id": "other", "post_logout_redirect_uri": AFTER},
        {"client_id": ..., "post_logout_redirect_uri": AFTER},
    ],
)
def test_no_open_redirect(server, party, browser, changed):
    """An address that this client has not registered for it leads nowhere."""
    Party(server, name="other")
    asked = {"client_id": "app", **changed}
    asked = {name: value for name, value in asked.items() if value is not ...}
    page = browser.get("/end_session", **asked)
    answer = browser.post("/end_session/confirm", **hidden_of(page))
    assert answer.status == 200
    assert "location" not in dict(answer.headers)


def test_id_token_and_client_disagree(server, party, browser):
    """The ID token of one client does not lead to an address of another."""
    Party(server, name="other", logout_redirects=("https://other.example/",))
    answer = browser.get(
        "/end_session",
        id_token_hint=id_token_of(party),
        client_id="other",
        post_logout_redirect_uri="https://other.example/",
    )
    assert answer.status == 200
    assert "location" not in dict(answer.headers)


def test_nobody_signed_in(server, party):
    """Who is signed out already is sent on, to a registered address."""
    visitor = Visitor(server)
    answer = visitor.get("/end_session", client_id="app", post_logout_redirect_uri=AFTER)
    assert place_of(answer)[0] == AFTER
    assert visitor.get("/end_session").status == 200


def test_sent_as_a_form(server, party, browser):
    """A form of another site brings no cookie, so it becomes a redirect that does."""
    answer = browser.post(
        "/end_session", id_token_hint=id_token_of(party), post_logout_redirect_uri=AFTER, x="y"
    )
    url, query = place_of(answer)
    assert url == server.at("/end_session")
    assert "x" not in query
    assert place_of(browser.get("/end_session", **query))[0] == AFTER
    assert ended(party)


def test_tickets(server, party, browser):
    """The page's form is our own, and its ticket another session's for nobody."""
    assert ENDPOINTS["POST", "/end_session/confirm"].form
    attacker = Visitor(server)
    attacker.sign_in(party.user)
    theirs = hidden_of(attacker.get("/end_session"))
    answer = browser.post("/end_session/confirm", **theirs)
    assert place_of(answer)[0] == server.at("/end_session")
    assert not ended(party)
