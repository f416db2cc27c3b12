from __future__ import annotations

import threading

import pytest
from kit.accounts import ISSUER
from kit.oauth import REDIRECT, VERIFIER, Party, claims_of
from kit.proofs import proof
from kit.visiting import Visitor, call, json_of, place_of, wish

from yett.state.accounts.tables import requests

PREFIX = "urn:ietf:params:oauth:request_uri:"


@pytest.fixture
def party(server):
    return Party(server, trusted=True)


def push(party, *, headers=None, **changed):
    shown, form = party.shown()
    form = {**form, **wish(party.name, **changed)}
    headers = {**shown, **(headers or {})}
    return call(party.server, "POST", "/par", now=party.now, headers=headers, form=form)


def pushed(party, **changed):
    answer = push(party, **changed)
    assert answer.status == 201, answer.body
    return json_of(answer)["request_uri"]


@pytest.mark.parametrize(
    "auth", ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
)
def test_pushed_and_used(server, auth):
    """What a client pushed is what is granted, whatever else stands in the URL."""
    party = Party(server, auth, trusted=True)
    answer = push(party, client_id=...) if auth == "client_secret_basic" else push(party)
    assert answer.status == 201
    said = json_of(answer)
    assert said["expires_in"] == 60
    assert said["request_uri"].startswith(PREFIX)
    browser = Visitor(server)
    browser.sign_in(party.user)
    again = wish(redirect_uri="https://evil.example/", scope="orders:write", state="other")
    answer = browser.get("/authorize", **{**again, "request_uri": said["request_uri"]})
    if auth == "none":
        assert place_of(answer)[0] == server.at("/consent")
        return
    url, query = place_of(answer)
    assert (url, query["state"], query["iss"]) == (REDIRECT, "st4te", ISSUER)
    assert party.exchange(query["code"])["scope"] == "orders:read"


def test_used_once(server, party):
    """A `request_uri` is good once, also while the person signs in."""
    uri = pushed(party)
    browser = Visitor(server)
    url, query = place_of(browser.get("/authorize", client_id="app", request_uri=uri))
    assert url == server.at("/sign-in")
    assert browser.get("/authorize", client_id="app", request_uri=uri).status == 400
    browser.sign_in(party.user)
    assert "code" in place_of(browser.get("/authorize", **query))[1]


def test_used_once_in_a_race(server, party):
    """Of ten uses at once one comes through."""
    uri = pushed(party)
    browser = Visitor(server)
    browser.sign_in(party.user)
    found = []

    def use():
        found.append(browser.get("/authorize", client_id="app", request_uri=uri).status)

    threads = [threading.Thread(target=use) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, *[400] * 9]


def test_expired(server, party):
    """A minute later it is over."""
    uri = pushed(party)
    browser = Visitor(server, party.now + 60)
    browser.sign_in(party.user)
    assert browser.get("/authorize", client_id="app", request_uri=uri).status == 400


def test_other_client(server, party):
    """Another client cannot use it, and does not use it up."""
    Party(server, name="other", trusted=True)
    uri = pushed(party)
    browser = Visitor(server)
    browser.sign_in(party.user)
    assert browser.get("/authorize", client_id="other", request_uri=uri).status == 400
    assert "code" in place_of(browser.get("/authorize", client_id="app", request_uri=uri))[1]


@pytest.mark.parametrize("uri", [PREFIX, PREFIX + "x", PREFIX + "a" * 43])
def test_invented(server, party, uri):
    """One that was never given out is shown as a refusal."""
    answer = Visitor(server).get("/authorize", client_id="app", request_uri=uri)
    assert answer.status == 400
    assert "location" not in dict(answer.headers)


def test_a_waiting_request_is_no_pushed_one(server, party):
    """The id of a request that waits for a sign-in is no `request_uri`, nor the other way round."""
    browser = Visitor(server)
    waits = place_of(browser.get("/authorize", **wish()))[1]["r"]
    answer = browser.get("/authorize", client_id="app", request_uri=PREFIX + waits)
    assert answer.status == 400
    secret = pushed(party).removeprefix(PREFIX)
    assert browser.get("/authorize", r=secret).status == 400


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": ...}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"response_type": ...}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ...}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"request_uri": PREFIX + "x"}, "invalid_request"),
        ({"request": "x.y.z"}, "request_not_supported"),
        ({"client_id": "other"}, "invalid_request"),
        ({"authorization_details": '[{"type":"x"}]'}, "invalid_authorization_details"),
    ],
)
def test_refused(server, party, changed, error):
    """What is wrong is said at once, to the client itself."""
    answer = push(party, **changed)
    assert answer.status == 400
    assert json_of(answer)["error"] == error


def test_strangers(server, party):
    """Without the client's credentials nothing is taken."""
    form = wish()
    assert call(server, "POST", "/par", form=form).status == 401
    form["client_secret"] = "wrong"
    assert call(server, "POST", "/par", form=form).status == 401


def test_clients_without_the_grant(server):
    """A client that may not ask people cannot push a request either."""
    party = Party(server, grants=("client_credentials",))
    assert json_of(push(party))["error"] == "unauthorized_client"


def test_bound_by_proof(server, party):
    """A DPoP proof at `/par` binds the code to its key (RFC 9449 s10.1)."""
    text = proof("POST", server.at("/par"), None, now=party.now).decode()
    uri = pushed(party, headers={"dpop": text})
    browser = Visitor(server)
    browser.sign_in(party.user)
    code = place_of(browser.get("/authorize", client_id="app", request_uri=uri))[1]["code"]
    tokens = party.exchange(code, headers=party.dpop())
    assert claims_of(tokens["access_token"])["cnf"]["jkt"]


def test_proof_and_name_disagree(server, party):
    """A `dpop_jkt` of another key than the proof's is refused."""
    text = proof("POST", server.at("/par"), None, now=party.now).decode()
    answer = push(party, headers={"dpop": text}, dpop_jkt="a" * 43)
    assert json_of(answer)["error"] == "invalid_dpop_proof"


def test_bad_proof(server, party):
    """A proof for another endpoint is refused."""
    answer = push(party, headers=party.dpop())
    assert json_of(answer)["error"] == "invalid_dpop_proof"


def test_no_secret_is_kept(server, party):
    """Neither the client's secret nor the `request_uri` stands in the store."""
    uri = pushed(party)
    with server.store.read() as tx:
        rows = str(tx.execute(requests.select()).all())
    assert VERIFIER not in rows
    assert "s" * 43 not in rows
    assert uri.removeprefix(PREFIX) not in rows
