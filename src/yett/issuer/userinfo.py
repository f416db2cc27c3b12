"""`/userinfo`: what a person agreed to tell a client about themselves (OpenID Connect Core s5.3).

The access token is judged as the gate would (`presented.py`), and needs the scope `openid`. What is
told follows from its scopes. RFC 6750 s3, RFC 9449 s7, RFC 8705 s3.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from yett.issuer.http import Answer, Ask, Route, json_answer
from yett.issuer.presented import demand_scope, read_presented, refused
from yett.issuer.scopes import OPENID
from yett.issuer.server import Server
from yett.state.accounts.users import User, find_user

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
    claims = read_presented(server, tx, ask)
    demand_scope(claims, OPENID)
    user = find_user(tx, claims["sub"])
    if user is None:
        raise refused("Bearer", "insufficient_scope", 403, scope=OPENID)
    return about(user, str(claims.get("scope", "")).split())


ROUTES = (
    Route(method="GET", path="/userinfo", endpoint=userinfo, cross=True),
    Route(method="POST", path="/userinfo", endpoint=userinfo, cross=True),
)
