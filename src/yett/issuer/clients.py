"""Registers clients and service accounts, and changes them: secrets, keys, owners, standing.

Made by an operator alone; nobody registers over the network. What could never work, or would let
answers go to strangers, is refused here, once. RFC 7591 s2, RFC 8252 s7, RFC 9700 s2.1 and s2.6.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection

from yett.issuer.client_auth import BASIC, MAX_SECRETS, POST
from yett.issuer.client_checks import check_client
from yett.issuer.grants.issue import OUTLIVES_SECONDS, end_grant
from yett.issuer.server import Server, digest, fresh
from yett.state.accounts.clients import (
    Client,
    ClientSecret,
    add_client,
    change_client,
    find_client,
)
from yett.state.accounts.grants import list_grants
from yett.state.accounts.notices import note
from yett.state.accounts.revocations import revoke
from yett.state.accounts.users import User, find_login, find_user
from yett.state.errors import StateError
from yett.terms import Event

ID_BYTES = 10  # not a secret; 80 bits, so that no id ever names two
SECRET_PREFIX = "ycs_"  # noqa: S105 - by which scanners of repositories find a leaked one
DISABLED = "disabled"
# Until this commits, on PostgreSQL another transaction may still see the client as it was and mint
# a token; its `iat` is older than the cut-off all the same.
COMMIT_SECONDS = 1.0


def register(
    server: Server, tx: Connection, draft: Client, *, now: float, by: str
) -> tuple[Client, str]:
    """Put down a new client.

    Args:
        server: says which scopes and roles there are.
        tx: a transaction that writes.
        draft: without `id`; it and the secret are made here.
        now: unix seconds.
        by: who does it.

    Returns:
        The client, and its secret: shown once; empty where its method needs none.

    Raises:
        StateError: it could never work, or must not.
    """
    kind = "s_" if draft.kind == "service" else "c_"
    identifier = kind + base64.b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()
    client = msgspec.structs.replace(draft, id=identifier, created=now, active=now)
    check_client(server, client)
    if client.owner or client.kind == "service":
        answering(tx, client.owner)
    client, secret = _with_secret(client, now, 0.0)
    add_client(tx, client)
    _note(tx, "client-added", client, now, by)
    return client, secret


def rotate(tx: Connection, client: Client, *, overlap: float, now: float, by: str) -> str:
    """Give a client a new secret; older ones are good for `overlap` seconds more at most.

    Raises:
        StateError: its method needs no secret.
    """
    if client.auth not in (BASIC, POST):
        hint = "it authenticates without a secret; see `--jwks` and `--certificate`"
        raise StateError(f"`{client.id}` has no secret to rotate", hint=hint)
    client, secret = _with_secret(client, now, overlap)
    change_client(tx, client)
    _note(tx, "client-secret-rotated", client, now, by)
    return secret


def replace_keys(
    server: Server, tx: Connection, client: Client, *, now: float, by: str, **fields: Any
) -> Client:
    """Replace a client's `jwks` or `certificate`; to overlap, a key set names the old one, too.

    Raises:
        StateError: they do not fit its method, or could never work.
    """
    changed = msgspec.structs.replace(client, **fields)
    check_client(server, changed)
    change_client(tx, changed)
    _note(tx, "client-keys-replaced", changed, now, by)
    return changed


def disable(server: Server, tx: Connection, client: Client, *, now: float, by: str) -> int:
    """Disable a client, end what it was granted, and cut its tokens off.

    Returns:
        How many grants have ended.
    """
    change_client(tx, msgspec.structs.replace(client, status=DISABLED, disabled=now))
    grants = list_grants(tx, now, client=client.id)
    for grant in grants:
        end_grant(tx, grant.id, now, "client-disabled", by)
    # As a subject, too: other services exchange a service's token for one of their own, which then
    # names them as its client, and no family that could be ended.
    for kind in ("client", "sub") if client.kind == "service" else ("client",):
        revoke(
            tx,
            kind,
            client.id,
            now=now,
            reason="disabled",
            by=by,
            issuer=server.url,
            before=max(now, server.clock()) + COMMIT_SECONDS,
            expires=now + OUTLIVES_SECONDS,
        )
    _note(tx, "client-disabled", client, now, by)
    return len(grants)


def enable(tx: Connection, client: Client, *, now: float, by: str) -> None:
    """Let a client be used again; what was ended stays so.

    Raises:
        StateError: it is a service, and whoever answers for it is disabled.
    """
    if client.kind == "service":
        answering(tx, client.owner)
    fields: dict[str, Any] = {"status": "active", "disabled": 0.0, "active": now, "warned": 0.0}
    change_client(tx, msgspec.structs.replace(client, **fields))
    _note(tx, "client-enabled", client, now, by)


def hand_to(tx: Connection, client: Client, owner: str, *, now: float, by: str) -> User:
    """Give a client another owner, who answers for it from now on.

    Raises:
        StateError: there is no such user, or they are disabled.
    """
    user = answering(tx, owner)
    change_client(tx, msgspec.structs.replace(client, owner=user.id))
    _note(tx, "client-owner-changed", client, now, by)
    return user


def known_client(tx: Connection, identifier: str) -> Client:
    """Find a client, or say that there is none.

    Raises:
        StateError: there is none.
    """
    client = find_client(tx, identifier)
    if client is None:
        raise StateError(f"there is no client `{identifier}`", hint="`list` shows them")
    return client


def answering(tx: Connection, named: str) -> User:
    """Find who is to answer for a service, by id or login name; who is only invited will do.

    Raises:
        StateError: there is no such user, or they are disabled.
    """
    user = find_user(tx, named) or find_login(tx, named)
    if user is None:
        raise StateError(f"there is no user `{named}`", hint="`yett user add` makes one")
    if user.status == DISABLED:
        hint = f"name somebody else, or `yett user enable {user.login}`"
        raise StateError(f"the user `{named}` is {user.status}", hint=hint)
    return user


def _with_secret(client: Client, now: float, overlap: float) -> tuple[Client, str]:
    """Add a fresh secret, and let the others end."""
    if client.auth not in (BASIC, POST):
        return client, ""
    secret = SECRET_PREFIX + fresh()
    end = now + overlap
    kept = [
        msgspec.structs.replace(one, expires=min(one.expires or end, end))
        for one in client.secrets
        if overlap and (not one.expires or one.expires > now)
    ]
    kept = [*kept[-(MAX_SECRETS - 1) :], ClientSecret(digest=digest(secret), created=now)]
    return msgspec.structs.replace(client, secrets=tuple(kept)), secret


def _note(tx: Connection, kind: str, client: Client, now: float, by: str) -> None:
    note(tx, Event(time=now, request="", kind=kind, principal=by, client=client.id))
