"""`/userinfo`: what a person agreed to tell a client about themselves (OpenID Connect Core s5.3).

The access token is judged as the gate would: ours, alive, presented the way it is bound, with the
scope `openid`. What is told follows from its scopes. RFC 6750 s3, RFC 9449 s7, RFC 8705 s3.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route, json_answer
from yett.issuer.own_tokens import Claims, is_alive, read_own
from yett.issuer.possession import X5T, prove_key
from yett.issuer.scopes import OPENID
from yett.issuer.server import Server
from yett.issuer.tokens import ACCESS, confirmation
from yett.state.accounts.users import User, find_user

BEARER, DPOP = "bearer", "dpop"

# Scope -> claim -> where it comes from (s5.4).
SCOPE_CLAIMS: dict[str, dict[str, str]] = {
    "profile": {"name": "name", "preferred_username": "login"},
    "email": {"email": "email"},
}


def userinfo(server: Server, ask: Ask) -> Answer:
    """Answer `GET` and `POST /userinfo`."""
    return json_answer(server.store.write(lambda tx: _tell(server, tx, ask)))


def about(user: User, scopes: list[str]) -> dict[str, Any]:
    """Return the claims about a person that scopes allow; empty ones are left out."""
    told: dict[str, Any] = {"sub": user.id}
    for scope in scopes:
        for claim, field in SCOPE_CLAIMS.get(scope, {}).items():
            told[claim] = getattr(user, field)
    return {name: value for name, value in told.items() if value}


def _tell(server: Server, tx: Connection, ask: Ask) -> dict[str, Any]:
    scheme, token = _presented(ask)
    if scheme not in (BEARER, DPOP) or not token:
        raise _refused("Bearer", "", 401)
    claims = read_own(server, tx, token, ACCESS, ask.now)
    if claims is None or not is_alive(server, tx, claims, ask.now):
        raise _refused("Bearer", "invalid_token", 401)
    if not _is_held(server, tx, ask, claims):
        raise _refused("DPoP" if "jkt" in claims.get("cnf", {}) else "Bearer", "invalid_token", 401)
    scopes = str(claims.get("scope", "")).split()
    user = find_user(tx, claims["sub"])
    if user is None or OPENID not in scopes:
        raise _refused("Bearer", "insufficient_scope", 403)
    return about(user, scopes)


def _presented(ask: Ask) -> tuple[str, str]:
    scheme, _, token = ask.headers.get("authorization", "").partition(" ")
    return scheme.lower(), token


def _is_held(server: Server, tx: Connection, ask: Ask, claims: Claims) -> bool:
    """Whether who shows a token holds what it is bound to; by the scheme that it is bound to."""
    bound = claims.get("cnf") or {}
    scheme, token = _presented(ask)
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
        raise _refused("DPoP", error.code, 401, *error.headers) from None


def _refused(scheme: str, code: str, status: int, *more: tuple[str, str]) -> OAuthError:
    """Refuse with a challenge (RFC 6750 s3, RFC 9449 s7.1); no code where nothing was shown."""
    challenge = f'{scheme} error="{code}"' if code else scheme
    if code == "insufficient_scope":
        challenge += f', scope="{OPENID}"'
    return OAuthError(
        code or "invalid_request",
        "" if code else "no access token was shown",
        status=status,
        headers=(("www-authenticate", challenge), *more),
    )


ROUTES = (
    Route(method="GET", path="/userinfo", endpoint=userinfo, cross=True),
    Route(method="POST", path="/userinfo", endpoint=userinfo, cross=True),
)
