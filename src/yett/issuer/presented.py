"""Judges the access token that comes with a request to one of the issuer's own resources.

As the gate would: ours, alive, shown the way it is bound. Read from `Authorization` alone, never
from a cookie, which a browser sends by itself (CWE-352). RFC 6750 s2.1 and s3, RFC 9449 s7,
RFC 8705 s3.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.own_tokens import Claims, is_alive, read_own
from yett.issuer.possession import X5T, prove_key
from yett.issuer.server import Server
from yett.issuer.tokens import ACCESS, confirmation

BEARER, DPOP = "bearer", "dpop"


def read_presented(server: Server, tx: Connection, ask: Ask) -> Claims:
    """Return the claims of the access token that was shown.

    Args:
        server: the server.
        tx: a transaction that writes: a proof of possession is good once.
        ask: the request.

    Raises:
        OAuthError: 401 with a challenge.
    """
    scheme, token = _shown(ask)
    if scheme not in (BEARER, DPOP) or not token:
        raise refused("Bearer", "", 401)
    claims = read_own(server, tx, token, ACCESS, ask.now)
    if claims is None or not is_alive(server, tx, claims, ask.now):
        raise refused("Bearer", "invalid_token", 401)
    if not _is_held(server, tx, ask, claims):
        raise refused("DPoP" if "jkt" in claims.get("cnf", {}) else "Bearer", "invalid_token", 401)
    return claims


def demand_scope(claims: Claims, *scopes: str) -> None:
    """Let a token through that has one of some scopes; the first is named in the refusal.

    Raises:
        OAuthError: 403 with a challenge.
    """
    if not set(scopes) & set(str(claims.get("scope", "")).split()):
        raise refused("Bearer", "insufficient_scope", 403, scope=scopes[0])


def refused(
    scheme: str, code: str, status: int, *more: tuple[str, str], scope: str = ""
) -> OAuthError:
    """Refuse with a challenge (RFC 6750 s3, RFC 9449 s7.1); no code where nothing was shown."""
    challenge = f'{scheme} error="{code}"' if code else scheme
    if scope:
        challenge += f', scope="{scope}"'
    return OAuthError(
        code or "invalid_request",
        "" if code else "no access token was shown",
        status=status,
        headers=(("www-authenticate", challenge), *more),
    )


def _shown(ask: Ask) -> tuple[str, str]:
    scheme, _, token = ask.headers.get("authorization", "").partition(" ")
    return scheme.lower(), token


def _is_held(server: Server, tx: Connection, ask: Ask, claims: Claims) -> bool:
    """Whether who shows a token holds what it is bound to; by the scheme that it is bound to."""
    bound = claims.get("cnf") or {}
    scheme, token = _shown(ask)
    if "jkt" in bound or scheme == DPOP:
        key = _prove(server, tx, ask, token)
        return scheme == DPOP and bool(key) and confirmation(key) == bound
    if bound:
        shown = X5T + ask.certificate.thumbprint if ask.certificate is not None else ""
        return confirmation(shown) == bound
    return True


def _prove(server: Server, tx: Connection, ask: Ask, token: str) -> str:
    try:
        return prove_key(server, tx, ask, token.encode())
    except OAuthError as error:
        # A resource says so by a challenge, the token endpoint by JSON (RFC 9449 s7.1, s9).
        raise refused("DPoP", error.code, 401, *error.headers) from None
