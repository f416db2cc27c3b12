"""`/par`: a client pushes its authorization request itself, before a browser has any part in it.

The client authenticates first, so what is asked is known to be its own and cannot be changed on the
way. It gets a `request_uri` for one use by the same client within a minute. RFC 9126; with a DPoP
proof the code is bound to its key (RFC 9449 s10.1).
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.client_auth import identify
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route, json_answer
from yett.issuer.pending import push_pending
from yett.issuer.possession import JKT, prove_key
from yett.issuer.request import Parameters, read_client, read_request
from yett.issuer.server import Server
from yett.state.accounts.clients import Client

REQUEST_URI = "urn:ietf:params:oauth:request_uri:"
PUSHED_SECONDS = 60.0

# What authenticates the client, and is no part of what it asks.
_CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def push(server: Server, ask: Ask) -> Answer:
    """Answer `POST /par`."""
    client = identify(server, ask)
    return server.store.write(lambda tx: _push(server, tx, ask, client))


def _push(server: Server, tx: Connection, ask: Ask, client: Client) -> Answer:
    if "request_uri" in ask.form:
        # RFC 9126 s2.1: else a request could be pushed that nobody has checked.
        raise OAuthError("invalid_request", "`request_uri` cannot be pushed")
    parameters: Parameters = {
        name: value for name, value in ask.form.items() if name not in _CREDENTIALS
    }
    # An assertion or a Basic header names the client already, and the form need not repeat it.
    read_client(tx, {"client_id": client.id})
    key = prove_key(server, tx, ask).removeprefix(JKT)
    pending = read_request(server, client, parameters, now=ask.now, key=key)
    secret = push_pending(tx, pending, PUSHED_SECONDS, ask.now)
    return json_answer(
        {"request_uri": REQUEST_URI + secret, "expires_in": int(PUSHED_SECONDS)}, 201
    )


ROUTES = (Route(method="POST", path="/par", endpoint=push, cross=True),)
