"""Who may manage streams: a client with an access token of ours that has the scope `ssf`.

A bound token is refused: these endpoints take bearer tokens alone, and a bound one that came as one
is a stolen one. RFC 6750 s3, OpenID SSF 1.0 s8.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.own_tokens import is_alive, read_own
from yett.issuer.server import Server
from yett.issuer.tokens import ACCESS
from yett.state.accounts.streams import Stream, find_stream

SCOPE = "ssf"


def client_of(server: Server, tx: Connection, ask: Ask) -> str:
    """Return the `client_id` of who asks.

    Raises:
        OAuthError: no good token, or one without the scope.
    """
    scheme, _, token = ask.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refused("", 401)
    claims = read_own(server, tx, token.strip(), ACCESS, ask.now)
    if claims is None or "cnf" in claims or not is_alive(server, tx, claims, ask.now):
        raise _refused("invalid_token", 401)
    if SCOPE not in str(claims.get("scope", "")).split():
        raise _refused("insufficient_scope", 403)
    return str(claims["client_id"])


def stream_of(tx: Connection, client: str, identifier: object) -> Stream:
    """Return a client's own stream.

    Raises:
        OAuthError: there is none, or it is another's; which of both is not told.
    """
    found = find_stream(tx, identifier) if isinstance(identifier, str) else None
    if found is None or found.client != client:
        raise OAuthError("not_found", "there is no such stream", status=404)
    return found


def _refused(code: str, status: int) -> OAuthError:
    challenge = f'Bearer error="{code}"' if code else "Bearer"
    headers = (("www-authenticate", challenge),)
    return OAuthError(code or "invalid_token", status=status, headers=headers)
