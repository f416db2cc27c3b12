"""Hands tokens over: the one place where a token answer is written.

An access token, where due a refresh token and an ID token; the notice goes down in the same
transaction. RFC 6749 s5.1, RFC 9449 s5 (`token_type`), OpenID Connect Core s3.1.3.3.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from yett.issuer.http import Answer, Ask, json_answer
from yett.issuer.possession import JKT
from yett.issuer.server import Server
from yett.issuer.tokens import Issued, mint_access, mint_id_token
from yett.state.accounts.clients import Client, touch_client
from yett.state.accounts.grants import Grant
from yett.state.accounts.notices import note
from yett.state.accounts.users import find_user, saw_user
from yett.terms import Event


def hand_over(
    server: Server,
    tx: Connection,
    ask: Ask,
    client: Client,
    grant: Grant,
    *,
    scopes: tuple[str, ...],
    refresh: str = "",
    lifetime: float | None = None,
    act: dict[str, Any] | None = None,
    more: dict[str, str] | None = None,
) -> Answer:
    """Mint what a grant gives, and answer with it.

    Args:
        server: the server.
        tx: a transaction that writes.
        ask: the request; its `grant_type` is recorded.
        client: who asks; authenticated.
        grant: what is used, with the binding of this request.
        scopes: what the access token may do, decided already.
        refresh: the refresh token to hand over, empty for none.
        lifetime: seconds of the access token, if shorter than `access_lifetime`.
        act: who acts for its subject (RFC 8693 s4.1).
        more: further members of the answer.
    """
    issued = mint_access(server, tx, grant, client, scopes, now=ask.now, lifetime=lifetime, act=act)
    body: dict[str, Any] = {
        "access_token": issued.token,
        "token_type": "DPoP" if grant.binding.startswith(JKT) else "Bearer",
        "expires_in": int(issued.expires - ask.now),
        "scope": " ".join(scopes),
        **(more or {}),
    }
    if refresh:
        body["refresh_token"] = refresh
    if grant.details:
        body["authorization_details"] = list(grant.details)
    user = find_user(tx, grant.user) if grant.user and "openid" in scopes else None
    if user is not None:
        said = msgspec.structs.replace(grant, nonce="") if _is_refresh(ask) else grant
        body["id_token"] = mint_id_token(server, tx, said, client, user, ask.now, issued.token)
    _remember(tx, ask, client, grant, issued)
    return json_answer(body)


def _is_refresh(ask: Ask) -> bool:
    # OpenID Connect Core s12.2: the nonce belongs to the request that a browser made.
    return ask.form.get("grant_type") == "refresh_token"


def _remember(tx: Connection, ask: Ask, client: Client, grant: Grant, issued: Issued) -> None:
    touch_client(tx, client.id, ask.now)
    if grant.user:
        saw_user(tx, grant.user, ask.now)
    event = Event(
        time=ask.now,
        request="",
        kind="token-issued",
        source=ask.source,
        principal=grant.user or client.id,
        principal_kind="user" if grant.user else "service",
        client=client.id,
        credential=issued.jti,
        note=ask.form.get("grant_type", ""),
    )
    note(tx, event)
