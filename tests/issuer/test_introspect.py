from __future__ import annotations

import pytest
from kit.accounts import ISSUER, NOW
from kit.oauth import Party, claims_of, header_of
from kit.visiting import call, json_of

from yett.issuer.grants.issue import end_grant
from yett.issuer.sessions import end
from yett.state.accounts.revocations import revoke
from yett.state.accounts.users import change_user, find_user


@pytest.fixture
def party(server):
    return Party(server)


@pytest.fixture
def api(server):
    """A service that tokens are shown to."""
    return Party(server, name="api", scopes=("yett:introspect",), grants=("client_credentials",))


def tell(party, text, now=NOW, **form):
    headers, more = party.shown()
    form = {**more, "token": text, **form}
    return call(party.server, "POST", "/introspect", now=now, headers=headers, form=form)


def told(party, text, now=NOW):
    answer = tell(party, text, now)
    assert answer.status == 200
    assert ("cache-control", "no-store") in answer.headers
    return json_of(answer)


def test_active(party, api):
    """Its own client, and a service that it is shown to, are told what it is worth."""
    text = party.exchange()["access_token"]
    claims = claims_of(text)
    for asker in (party, api):
        said = told(asker, text)
        assert said["active"] is True
        assert said["token_type"] == "Bearer"
        for name in ("iss", "sub", "aud", "client_id", "exp", "iat", "scope", "acr", "auth_time"):
            assert said[name] == claims[name], name


def test_times_are_integers(party, api):
    """Clients read `iat` and `exp` into integers (RFC 7662 2.2), though a token's own are finer."""
    party.now = NOW + 0.75
    text = party.exchange()["access_token"]
    assert claims_of(text)["iat"] == NOW + 0.75
    body = tell(api, text, NOW + 1).body
    assert b'"iat":%d,' % NOW in body
    assert b'"exp":%d,' % claims_of(text)["exp"] in body


def test_bound(party, api):
    """What it is bound to is told, so that the service can compare (RFC 9449 s6.2)."""
    said = told(api, party.exchange(headers=party.dpop())["access_token"])
    assert said["token_type"] == "DPoP"
    assert said["cnf"]["jkt"]


def test_strangers(server, party):
    """To a client that it is no business of, every token is inactive and nothing more."""
    other = Party(server, name="other", scopes=("orders:read", "orders:write"))
    tokens = party.exchange()
    for kind in ("access_token", "refresh_token"):
        assert told(other, tokens[kind]) == {"active": False}


def test_unauthenticated(server, party):
    """Without authentication nobody is told anything: tokens could be tried out (s4)."""
    text = party.exchange()["access_token"]
    public = Party(server, "none", name="spa")
    for form in ({}, {"client_id": "app"}, {"client_id": "spa"}, {"client_id": "nobody"}):
        answer = call(server, "POST", "/introspect", form={"token": text, **form})
        assert answer.status == 401, form
    assert tell(public, public.exchange()["access_token"]).status == 401


@pytest.mark.parametrize("text", ["x", "x.y.z", "yr_" + "a" * 22 + ".0." + "b" * 43, "é"])
def test_unknown(api, text):
    """What is not ours is inactive."""
    assert told(api, text) == {"active": False}


@pytest.mark.parametrize(
    "how", ["expired", "jti", "sub", "client", "kid", "session", "grant", "person"]
)
def test_ended(server, party, api, how):
    """Whatever ended since the token was issued ends it here, too."""
    text = party.exchange()["access_token"]
    claims = claims_of(text)

    def stop(tx):
        said = {"now": NOW, "reason": "test", "by": "test"}
        match how:
            case "jti" | "sub":
                revoke(tx, how, claims[how], **said)
            case "client":
                revoke(tx, "client", "app", issuer=ISSUER, before=NOW + 1, **said)
            case "kid":
                revoke(tx, "kid", header_of(text)["kid"], **said)
            case "session":
                end(server, tx, party.session, **said)
            case "grant":
                end_grant(tx, claims["grant"], NOW, "test", "test")
            case "person":
                change_user(tx, find_user(tx, party.user.id), now=NOW, status="disabled")

    server.store.write(stop)
    assert told(api, text, NOW + (600 if how == "expired" else 1)) == {"active": False}


def test_not_covered(server, party, api):
    """A cut-off before the token, another issuer's, and one that is over leave it alone."""
    text = party.exchange()["access_token"]

    def others(tx):
        said = {"now": NOW, "reason": "test", "by": "test"}
        revoke(tx, "sub", party.user.id, before=NOW, **said)
        revoke(tx, "sub", party.user.id, issuer="https://other.example", **said)
        revoke(tx, "sub", party.user.id, expires=NOW + 1, **said)
        revoke(tx, "jti", party.user.id, **said)

    server.store.write(others)
    assert told(api, text, NOW + 1)["active"] is True


def test_disabled_clients(party, api):
    """A token of a client that was disabled is inactive."""
    text = party.exchange()["access_token"]
    party.change(status="disabled")
    assert told(api, text) == {"active": False}


def test_refresh_tokens(party, api):
    """Its own client is told of the newest refresh token; of used ones nobody is, nor the API."""
    first = party.exchange()["refresh_token"]
    said = told(party, first)
    assert (said["active"], said["client_id"]) == (True, "app")
    assert told(api, first) == {"active": False}
    party.now = NOW + 1
    party.refresh(first)
    assert told(party, first) == {"active": False}


def test_other_kinds(server, api):
    """An ID token is no access token."""
    party = Party(server)
    tokens = party.exchange(party.code(scopes=("openid", "orders:read")))
    assert told(api, tokens["id_token"]) == {"active": False}


def test_without_token(party):
    """Nothing to ask about is a mistake of the client."""
    headers, form = party.shown()
    answer = call(party.server, "POST", "/introspect", headers=headers, form=form)
    assert json_of(answer)["error"] == "invalid_request"
