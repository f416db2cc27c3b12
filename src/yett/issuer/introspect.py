"""`/introspect`: what a token is worth now (RFC 7662).

Told to the client that it was issued to, and to clients with the scope `yett:introspect`: the
services that it is shown to. To anybody else every token is inactive, as are those that expired,
were revoked, or name a session, family, person or client that has ended. Refresh tokens are told
of to their own client alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from yett.issuer.client_auth import identify
from yett.issuer.errors import OAuthError
from yett.issuer.grants.refresh_tokens import Presented, is_genuine, read_token
from yett.issuer.grants.standing import check_standing
from yett.issuer.http import Answer, Ask, Route, json_answer
from yett.issuer.own_tokens import is_alive, read_own
from yett.issuer.scopes import INTROSPECT
from yett.issuer.server import Server
from yett.issuer.tokens import ACCESS
from yett.state.accounts.clients import Client
from yett.state.accounts.grants import find_grant

INACTIVE: dict[str, Any] = {"active": False}

# Claims of an access token that are told as they are (s2.2, RFC 8693 s4.1, RFC 9396 s9.2,
# RFC 9470 s6.2, RFC 9449 s6.2).
TOLD = (
    "iss",
    "sub",
    "aud",
    "client_id",
    "exp",
    "iat",
    "jti",
    "scope",
    "roles",
    "tenant",
    "acr",
    "amr",
    "auth_time",
    "sid",
    "cnf",
    "act",
    "authorization_details",
)


def introspect(server: Server, ask: Ask) -> Answer:
    """Answer `POST /introspect`."""
    client = identify(server, ask)
    if client.auth == "none":
        raise OAuthError("invalid_client", "a public client did not authenticate", status=401)
    if "token" not in ask.form:
        raise OAuthError("invalid_request", "`token` is missing")
    with server.store.read() as tx:
        return json_answer(_tell(server, tx, ask, client))


def _tell(server: Server, tx: Connection, ask: Ask, client: Client) -> dict[str, Any]:
    shown = read_token(ask.form["token"])
    if shown is not None:
        return _tell_refresh(server, tx, ask, client, shown)
    claims = read_own(server, tx, ask.form["token"], ACCESS, ask.now)
    if claims is None or not is_alive(server, tx, claims, ask.now):
        return INACTIVE
    if claims.get("client_id") != client.id and INTROSPECT not in client.scopes:
        return INACTIVE
    kind = "DPoP" if "jkt" in claims.get("cnf", {}) else "Bearer"
    told = {name: claims[name] for name in TOLD if name in claims}
    # s2.2: an integer, which clients decode into one; the token's own is finer (RFC 7519 s2).
    told["iat"] = int(told["iat"])
    return {"active": True, "token_type": kind, **told}


def _tell_refresh(
    server: Server, tx: Connection, ask: Ask, client: Client, shown: Presented
) -> dict[str, Any]:
    grant = find_grant(tx, shown.grant)
    if grant is None or grant.client != client.id or not is_genuine(server, grant, shown):
        return INACTIVE
    try:
        check_standing(tx, grant, ask.now)
    except OAuthError:
        return INACTIVE
    if shown.generation != grant.generation:
        return INACTIVE
    return {
        "active": True,
        "iss": server.url,
        "sub": grant.user,
        "client_id": grant.client,
        "scope": " ".join(grant.scopes),
        "exp": int(grant.expires),
    }


ROUTES = (Route(method="POST", path="/introspect", endpoint=introspect),)
