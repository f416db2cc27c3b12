"""`urn:ietf:params:oauth:grant-type:device_code`: a device asks whether it is allowed yet.

Each poll is put down, so that one which comes too soon is told to slow down, and must from then on
leave more time. An allowed code is used once; of two polls at once one gets the tokens. RFC 8628
s3.4, s3.5; a code that was never given out gives nothing (oauthlib CVE-2026-49272).
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.grants.authorization_code import is_refreshable
from yett.issuer.grants.handover import hand_over
from yett.issuer.grants.refresh_tokens import first_token
from yett.issuer.grants.standing import check_standing, current_scopes, gone
from yett.issuer.http import Answer, Ask
from yett.issuer.server import Server, digest
from yett.state.accounts.clients import Client
from yett.state.accounts.devices import (
    DENIED,
    PENDING,
    Device,
    find_device,
    polled_device,
    use_device,
)
from yett.state.accounts.grants import Grant, bind_grant, find_grant

SLOWER_SECONDS = 5  # RFC 8628 s3.5
MAX_INTERVAL_SECONDS = 60
# A device that waits exactly the interval is not early because the network was quicker this time.
LEEWAY_SECONDS = 1.0


def exchange_device(
    server: Server, tx: Connection, ask: Ask, client: Client, binding: str
) -> Answer | OAuthError:
    """Exchange a device code.

    Args:
        server: the server.
        tx: a transaction that writes.
        ask: the request.
        client: who asks; authenticated.
        binding: what its tokens are to be bound to.

    Returns:
        The tokens; or `authorization_pending`, `slow_down`, `access_denied`, with the poll kept.

    Raises:
        OAuthError: `invalid_grant`, `expired_token` or `invalid_request`; nothing is kept.
    """
    if "device_code" not in ask.form:
        raise OAuthError("invalid_request", "`device_code` is missing")
    device = find_device(tx, digest(ask.form["device_code"]))
    if device is None or device.client != client.id:
        raise gone("no such device code, or another client's")
    if ask.now >= device.expires:
        raise OAuthError("expired_token", "begin again")
    waits = _poll(tx, device, ask.now)
    if waits is not None:
        return waits
    if not use_device(tx, device.digest, ask.now):
        raise gone("the device code was used before")
    grant = _grant(tx, device, binding)
    scopes = current_scopes(server, client, check_standing(tx, grant, ask.now), grant.scopes)
    refresh = first_token(server, tx, grant, ask.now) if is_refreshable(client, grant) else ""
    return hand_over(server, tx, ask, client, grant, scopes=scopes, refresh=refresh)


def _poll(tx: Connection, device: Device, now: float) -> OAuthError | None:
    if now - device.polled < device.interval - LEEWAY_SECONDS:
        slower = min(device.interval + SLOWER_SECONDS, MAX_INTERVAL_SECONDS)
        polled_device(tx, device.digest, now, slower)
        return OAuthError("slow_down", f"leave {slower} seconds between polls")
    polled_device(tx, device.digest, now, device.interval)
    if device.status == PENDING:
        return OAuthError("authorization_pending")
    return OAuthError("access_denied", "the person said no") if device.status == DENIED else None


def _grant(tx: Connection, device: Device, binding: str) -> Grant:
    grant = find_grant(tx, device.grant)
    if grant is None:
        raise gone("the grant is gone")
    if binding:
        bind_grant(tx, grant.id, binding)
    return msgspec.structs.replace(grant, binding=binding)
