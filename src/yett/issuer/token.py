"""`/token`: who asks, what it proves, and which grant it uses, one after the other.

The client is authenticated in a transaction of its own; what the grant does is one more. A refusal
that is raised undoes it, one that is returned keeps what it ended. RFC 6749 s3.2, OAuth 2.1 s3.2.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from yett.issuer.client_auth import identify, refused
from yett.issuer.errors import OAuthError
from yett.issuer.grants.authorization_code import exchange_code
from yett.issuer.grants.client_credentials import act_for_itself
from yett.issuer.grants.device_code import exchange_device
from yett.issuer.grants.refresh import refresh
from yett.issuer.grants.token_exchange import TOKEN_EXCHANGE, exchange_token
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.possession import prove
from yett.issuer.request import DEVICE_GRANT, check_audience
from yett.issuer.server import Server
from yett.state.accounts.clients import Client, find_client

Exchange = Callable[[Server, Connection, Ask, Client, str], Answer | OAuthError]

GRANTS: dict[str, Exchange] = {
    "authorization_code": exchange_code,
    "refresh_token": refresh,
    "client_credentials": act_for_itself,
    DEVICE_GRANT: exchange_device,
    TOKEN_EXCHANGE: exchange_token,
}


def token(server: Server, ask: Ask) -> Answer:
    """Answer `POST /token`."""
    kind = ask.form.get("grant_type", "")
    if not kind:
        raise OAuthError("invalid_request", "`grant_type` is missing, or the body is no form")
    client = identify(server, ask)
    exchange = GRANTS.get(kind)
    if exchange is None:
        raise OAuthError("unsupported_grant_type", "this server does not know the grant type")
    if kind not in client.grants:
        raise OAuthError("unauthorized_client", "this client may not use the grant type")
    check_audience(server, ask.form)
    outcome = server.store.write(lambda tx: _exchange(server, tx, ask, client, exchange))
    if isinstance(outcome, OAuthError):
        raise outcome
    return outcome


def _exchange(
    server: Server, tx: Connection, ask: Ask, client: Client, exchange: Exchange
) -> Answer | OAuthError:
    current = find_client(tx, client.id)
    if current is None or current.status != "active":
        # Disabled since it authenticated: else it got one token that no cut-off covers (CWE-367).
        raise refused(ask, "the client is disabled")
    return exchange(server, tx, ask, current, prove(server, tx, ask, current))


ROUTES = (Route(method="POST", path="/token", endpoint=token, cross=True),)
