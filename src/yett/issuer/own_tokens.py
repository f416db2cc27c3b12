"""Reads tokens that this issuer signed itself: at revocation, introspection, exchange, userinfo.

The gate verifies them by the published keys like anybody's; here the store is asked as well, so a
token is good only while all that it names is: its grant, session, person and client, and no
revocation covers it. Whatever else is shown is not ours, and nothing is said about it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from yett.contract.identity_settings import ALGORITHMS
from yett.credentials.jwt import check_signature
from yett.credentials.keyset import KeySetError, load_keys
from yett.credentials.structure import RawToken, media_type, read_token
from yett.issuer.grants.standing import session_lives
from yett.issuer.keys import public_set
from yett.issuer.scopes import OFFLINE
from yett.issuer.server import Server
from yett.state.accounts.clients import find_client
from yett.state.accounts.grants import find_grant
from yett.state.accounts.revocations import is_covered
from yett.state.accounts.users import ACTIVE, find_user

Claims = dict[str, Any]


def read_own(server: Server, tx: Connection, text: str, typ: str, now: float) -> Claims | None:
    """Return the claims of a token that this issuer signed, by a key that is still good, or None.

    Whether it has expired, or is still good otherwise, is not looked at.

    Args:
        server: the server.
        tx: a transaction.
        text: as it was shown.
        typ: the one type it may have: `at+jwt`, `JWT` ...
        now: unix seconds.
    """
    raw = read_token(text.encode("utf-8", "replace"))
    if isinstance(raw, str) or raw.header.type != media_type(typ):
        return None
    claims = raw.unverified_claims
    if claims.get("iss") != server.url or not _is_signed(server, tx, raw, now):
        return None
    return claims


def is_alive(server: Server, tx: Connection, claims: Claims, now: float) -> bool:
    """Whether a token of ours is still good: all that it names lives, and nothing revokes it."""
    if now >= claims["exp"]:
        return False
    if not _parties_live(tx, claims) or not _sign_in_lives(tx, claims, now):
        return False
    names = tuple((kind, str(claims.get(claim, ""))) for kind, claim in NAMED)
    return not is_covered(tx, names, issuer=server.url, issued=claims["iat"], now=now)


# Kind of a revocation -> the claim that names its value.
NAMED = (
    ("sub", "sub"),
    ("client", "client_id"),
    ("sid", "sid"),
    ("jti", "jti"),
    ("grant", "grant"),
)


def _is_signed(server: Server, tx: Connection, raw: RawToken, now: float) -> bool:
    try:
        keys = load_keys(msgspec.json.encode(public_set(tx)), ALGORITHMS)
    except KeySetError:
        return False  # nothing was ever signed
    key = keys.keys.get(raw.header.kid)
    if key is None or not check_signature(raw.segments, raw.header.algorithm, key):
        return False
    # A key that was taken back still stands in the set for as long as caches may keep it.
    issued = raw.unverified_claims.get("iat", 0)
    kid = (("kid", raw.header.kid),)
    return not is_covered(tx, kid, issuer=server.url, issued=issued, now=now)


def _parties_live(tx: Connection, claims: Claims) -> bool:
    """Whether whose it is, and who got it, are still active; a subject may be a service."""
    person = find_user(tx, claims["sub"])
    if person is not None and person.status != ACTIVE:
        return False
    names = {claims.get("client_id", ""), claims["sub"] if person is None else ""}
    return all(_client_lives(tx, name) for name in names if name)


def _sign_in_lives(tx: Connection, claims: Claims, now: float) -> bool:
    """Whether the family and the session that a token comes from have not ended."""
    family = find_grant(tx, claims["grant"]) if claims.get("grant") else None
    if claims.get("grant") and (family is None or not family.lives(now)):
        return False
    # What acts while one is away goes on; what it had before is covered by the `sid`.
    if family is not None and OFFLINE in family.scopes:
        return True
    return not claims.get("sid") or session_lives(tx, claims["sid"], now)


def _client_lives(tx: Connection, name: str) -> bool:
    client = find_client(tx, name)
    return client is not None and client.status == "active"
