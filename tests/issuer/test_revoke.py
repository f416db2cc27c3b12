from __future__ import annotations

import pytest
from kit.accounts import ISSUER, NOW
from kit.oauth import Party, claims_of, error_of
from kit.visiting import call, json_of

from yett.issuer.token import token
from yett.state.accounts.grants import find_grant
from yett.state.accounts.revocations import in_force


@pytest.fixture
def party(server):
    return Party(server)


def give_back(party, text, now=NOW, **form):
    headers, more = party.shown()
    form = {**more, "token": text, **form}
    form = {name: value for name, value in form.items() if value is not ...}
    return call(party.server, "POST", "/revoke", now=now, headers=headers, form=form)


def revoked(server, now=NOW):
    with server.store.read() as tx:
        return [(one.kind, one.value) for one in in_force(tx, now)]


@pytest.mark.parametrize("hint", [..., "access_token", "refresh_token", "nonsense"])
def test_access_token(server, party, hint):
    """An access token ends by its `jti`, for this issuer, until it would have expired."""
    text = party.exchange()["access_token"]
    assert give_back(party, text, token_type_hint=hint).status == 200
    jti = claims_of(text)["jti"]
    assert revoked(server) == [("jti", jti)]
    with server.store.read() as tx:
        (row,) = in_force(tx, NOW)
    assert (row.issuer, row.by) == (ISSUER, "app")
    assert revoked(server, NOW + 3600) == []


@pytest.mark.parametrize("hint", [..., "access_token", "refresh_token"])
def test_refresh_token(server, party, hint):
    """A refresh token ends its family: what came of it, and what would have."""
    tokens = party.exchange()
    assert give_back(party, tokens["refresh_token"], token_type_hint=hint).status == 200
    family = claims_of(tokens["access_token"])["grant"]
    assert revoked(server) == [("grant", family)]
    ask = party.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert error_of(token, server, ask) == "invalid_grant"


def test_used_refresh_token(server, party):
    """A token that was followed by another is still of this family, and ends it."""
    first = party.exchange()
    party.now = NOW + 1
    party.refresh(first["refresh_token"])
    give_back(party, first["refresh_token"])
    with server.store.read() as tx:
        assert find_grant(tx, claims_of(first["access_token"])["grant"]).ended


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_strangers_token(server, party, kind):
    """Another client's token is answered by 200, and stays good."""
    other = Party(server, name="other")
    text = party.exchange()[kind]
    answer = give_back(other, text)
    assert (answer.status, answer.body) == (200, b"")
    assert revoked(server) == []


@pytest.mark.parametrize(
    "text", ["x", "x.y.z", "yr_" + "a" * 22 + ".0." + "b" * 43, "é", "." * 9999]
)
def test_unknown_token(server, party, text):
    """Whatever else is shown is answered by the same 200 (s2.2)."""
    assert give_back(party, text).status == 200
    assert revoked(server) == []


def test_forged_token(server, party):
    """A token that we did not sign names nothing that is revoked."""
    head, payload, signature = party.exchange()["access_token"].split(".")
    other = "A" if signature[10] != "A" else "B"
    give_back(party, f"{head}.{payload}.{signature[:10]}{other}{signature[11:]}")
    assert revoked(server) == []


def test_expired_token(server, party):
    """What nobody accepts any more costs no row."""
    text = party.exchange()["access_token"]
    assert give_back(party, text, now=NOW + 3600).status == 200
    assert revoked(server, NOW + 3600) == []


def test_id_token(server):
    """An ID token is nothing that could be revoked."""
    party = Party(server)
    tokens = party.exchange(party.code(scopes=("openid", "orders:read")))
    give_back(party, tokens["id_token"])
    assert revoked(server) == []


def test_public_clients(server):
    """A public client gives back its own tokens (RFC 7009 s2.1), and nobody else's."""
    party, other = Party(server, "none", name="spa"), Party(server, "none", name="cli")
    text = party.exchange()["access_token"]
    give_back(other, text)
    assert revoked(server) == []
    give_back(party, text)
    assert len(revoked(server)) == 1


def test_unauthenticated(server, party):
    """Who is no client is told so, and nothing is revoked."""
    text = party.exchange()["access_token"]
    for form in ({}, {"client_id": "app"}, {"client_id": "app", "client_secret": "wrong"}):
        answer = call(server, "POST", "/revoke", form={"token": text, **form})
        assert answer.status == 401
    assert revoked(server) == []


def test_without_token(party):
    """Nothing to revoke is a mistake of the client."""
    assert json_of(give_back(party, ...))["error"] == "invalid_request"
