"""`/revoke`: a client gives a token back (RFC 7009).

A refresh token ends its whole family, an access token by its `jti` alone. Whatever is unknown,
broken or another client's is answered by the same 200 and has no effect (s2.2): who asks learns
nothing about it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.credentials.rules import MAX_SKEW_SECONDS
from yett.issuer.client_auth import identify
from yett.issuer.errors import OAuthError
from yett.issuer.grants.issue import end_grant
from yett.issuer.grants.refresh_tokens import is_genuine, read_token
from yett.issuer.http import NO_STORE, Answer, Ask, Route
from yett.issuer.own_tokens import read_own
from yett.issuer.server import Server
from yett.issuer.tokens import ACCESS
from yett.state.accounts.clients import Client
from yett.state.accounts.grants import find_grant
from yett.state.accounts.notices import note
from yett.state.accounts.revocations import revoke as put_down
from yett.terms import Event

REASON = "revoked"


def revoke(server: Server, ask: Ask) -> Answer:
    """Answer `POST /revoke`."""
    client = identify(server, ask)
    if "token" not in ask.form:
        raise OAuthError("invalid_request", "`token` is missing")
    # The hint is not needed: the two kinds look different (s2.1).
    server.store.write(lambda tx: _revoke(server, tx, ask, client))
    return Answer(headers=(NO_STORE,))


def _revoke(server: Server, tx: Connection, ask: Ask, client: Client) -> None:
    shown = read_token(ask.form["token"])
    if shown is None:
        _revoke_access(server, tx, ask, client)
        return
    grant = find_grant(tx, shown.grant)
    if grant is not None and grant.client == client.id and is_genuine(server, grant, shown):
        end_grant(tx, grant.id, ask.now, REASON, client.id)


def _revoke_access(server: Server, tx: Connection, ask: Ask, client: Client) -> None:
    claims = read_own(server, tx, ask.form["token"], ACCESS, ask.now)
    if claims is None or claims.get("client_id") != client.id:
        return
    expires = claims["exp"] + MAX_SKEW_SECONDS  # for so long an expired token may pass somewhere
    if ask.now >= expires:
        return
    jti = claims["jti"]
    put_down(
        tx,
        "jti",
        jti,
        now=ask.now,
        reason=REASON,
        by=client.id,
        issuer=server.url,
        expires=expires,
    )
    event = Event(
        time=ask.now,
        request="",
        kind="token-revoked",
        source=ask.source,
        client=client.id,
        principal=claims["sub"],
        credential=jti,
    )
    note(tx, event)


ROUTES = (Route(method="POST", path="/revoke", endpoint=revoke, cross=True),)
