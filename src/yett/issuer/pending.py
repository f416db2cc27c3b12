"""A pending authorization request: what a client asks a person for, kept until it is answered.

Its id is a random secret of one browser's journey (`?r=ID` from `/authorize` to the sign-in pages
and back). It holds only what was checked: a page may show it, and an answer may be sent to its
redirect URI. It is used up by the one answer that the client gets.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.server import digest, fresh
from yett.state.accounts.clients import find_client
from yett.state.accounts.requests import KeptRequest, find_request, keep_request, use_request

PENDING_SECONDS = 600.0


class Pending(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Args:
        id: the secret that names it; empty before it is kept.
        client, client_name: who asks; the name is for people.
        redirect: where the answer goes, one of the client's own; empty for a device.
        scopes: asked for, in the client's order; already among those it may ask for.
        state: given back to the client as it came; empty for none.
        nonce: for the ID token.
        challenge: of PKCE, S256; empty for a device.
        binding: `jkt:THUMBPRINT` that the code is bound to (RFC 9449 s10), empty for none.
        acr: any of these is wanted, in our vocabulary; empty when anything does.
        max_age: seconds since the sign-in that are still good; None when any age is.
        prompt: `none`, `login`, `consent`, `select_account`.
        login_hint: what the client thinks the person signs in as; unverified.
        details: `authorization_details` (RFC 9396), checked.
        device: digest of the device code (RFC 8628) that waits for the answer, empty for none.
        user_code: what that device shows.
        browser: digest of the browser that alone may go on with it; empty where any may.
        created, expires: unix seconds.
    """

    id: str = ""
    client: str
    client_name: str = ""
    redirect: str = ""
    scopes: tuple[str, ...] = ()
    state: str = ""
    nonce: str = ""
    challenge: str = ""
    binding: str = ""
    acr: tuple[str, ...] = ()
    max_age: float | None = None
    prompt: tuple[str, ...] = ()
    login_hint: str = ""
    details: tuple[dict[str, Any], ...] = ()
    device: str = ""
    user_code: str = ""
    browser: str = ""
    created: float
    expires: float = 0.0


def keep_pending(tx: Connection, pending: Pending, now: float) -> Pending:
    """Keep a request until a person has answered it; it gets an id."""
    named = msgspec.structs.replace(pending, id=fresh(), expires=now + PENDING_SECONDS)
    _keep(tx, named, digest(named.id), now, pushed=False)
    return named


def read_pending(tx: Connection, id: str, now: float) -> Pending | None:  # noqa: A002 - the fixed signature
    """Return what `?r=ID` names, None when it is unknown, answered, over, or its client is gone."""
    return _read(tx, id, now, pushed=False)


def finish_pending(tx: Connection, pending: Pending, now: float) -> bool:
    """Use it up; of several answers at once exactly one is told so."""
    return use_request(tx, digest(pending.id), now)


def push_pending(tx: Connection, pending: Pending, lifetime: float, now: float) -> str:
    """Keep a request that its client pushed (RFC 9126); return the secret of its `request_uri`."""
    secret = fresh()
    over = msgspec.structs.replace(pending, expires=now + lifetime)
    _keep(tx, over, digest(secret), now, pushed=True)
    return secret


def take_pushed(tx: Connection, secret: str, client: str, now: float) -> Pending | None:
    """Use a pushed request of this client up; None when it is unknown, used, over or another's.

    A stranger's attempt leaves it as it is.
    """
    pending = _read(tx, secret, now, pushed=True)
    if pending is None or pending.client != client:
        return None
    return pending if use_request(tx, digest(secret), now) else None


def _keep(tx: Connection, pending: Pending, name: str, now: float, *, pushed: bool) -> None:
    parameters: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(pending, id=""))
    request = KeptRequest(
        digest=name,
        client=pending.client,
        parameters=parameters,
        pushed=pushed,
        expires=pending.expires,
    )
    keep_request(tx, request, now)


def _read(tx: Connection, secret: str, now: float, *, pushed: bool) -> Pending | None:
    kept = find_request(tx, digest(secret), now, pushed=pushed)
    client = find_client(tx, kept.client) if kept is not None else None
    if kept is None or client is None or client.status != "active":
        return None
    pending = msgspec.convert(kept.parameters, Pending)
    name = client.name or client.id
    return msgspec.structs.replace(pending, id="" if pushed else secret, client_name=name)
