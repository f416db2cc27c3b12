"""Which directory asks: a service with an access token of ours and the scope `scim`.

`scim:read` is enough to read. The token must be the service's own: one that a person was given,
or that acts for somebody, is refused whatever its scopes say, and so is a person's cookie.
RFC 7644 s2.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.http import Ask
from yett.issuer.presented import demand_scope, read_presented, refused
from yett.issuer.server import Server
from yett.state.accounts.clients import find_client

SCOPE, READ_SCOPE = "scim", "scim:read"
_READING = ("GET", "HEAD")


def directory_of(server: Server, ask: Ask, *, reads: bool = False) -> str:
    """Return the id of the service that asks.

    Args:
        server: the server.
        ask: the request.
        reads: whether it only reads, whatever its method.

    Raises:
        OAuthError: 401 or 403 with a challenge.
    """
    if "dpop" in ask.headers:  # a proof is good once, whatever becomes of the request
        return server.store.write(lambda tx: _judge(server, tx, ask, reads=reads))
    with server.store.read() as tx:
        return _judge(server, tx, ask, reads=reads)


def _judge(server: Server, tx: Connection, ask: Ask, *, reads: bool) -> str:
    claims = read_presented(server, tx, ask)
    name = str(claims.get("client_id", ""))
    client = find_client(tx, name)
    own = claims["sub"] == name and not claims.get("act")
    if client is None or client.kind != "service" or not own:
        raise refused("Bearer", "insufficient_scope", 403, scope=SCOPE)
    reading = reads or ask.method in _READING
    demand_scope(claims, SCOPE, *((READ_SCOPE,) if reading else ()))
    return name
