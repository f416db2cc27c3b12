"""Mints what the issuer signs: access tokens, browser sessions, ID tokens, and others' claims.

All are JWS by the active key, with `alg`, `kid` and `typ` in the header and nothing else, so that
none passes for another (RFC 8725 s3.11). Who may have one is decided elsewhere; here is only what
it says. RFC 9068 s2.2, OpenID Connect Core s2, RFC 8693 s4.1 (`act`), RFC 7800 (`cnf`).
"""

from __future__ import annotations

import hashlib
import math
import secrets
from base64 import urlsafe_b64encode
from typing import Any

import msgspec
from joserfc.jws import JWSRegistry
from msgspec import Struct
from sqlalchemy import Connection

from yett.credentials.operation import TYPE
from yett.issuer.keys import signing_key
from yett.issuer.server import Server
from yett.state.accounts.clients import Client, find_client
from yett.state.accounts.grants import Grant
from yett.state.accounts.sessions import Session
from yett.state.accounts.users import User, find_user

JTI_BYTES = 16
ID_TOKEN_SECONDS = 600.0
OPERATION_SECONDS = 120.0  # of a token that is good for one request (`bind: operation`)

ACCESS, SESSION, IDENTITY = "at+jwt", "session+jwt", "JWT"
_CONFIRMATIONS = {"jkt": "jkt", "x5t": "x5t#S256"}


class AccessClaims(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The claims of an access token or a browser session (RFC 9068 s2.2).

    Args:
        iss, aud, sub, client_id, jti: strings; `sub` is the client itself where nobody else is.
        iat: unix seconds, rounded down to a millisecond: a cut-off within the same second counts.
        exp: unix seconds.
        scope: separated by spaces.
        roles, tenant: of the user or the service; of the roles those that `scope` covers whole.
        acr, amr, auth_time, sid: of the sign-in.
        grant: id of the family, by which all of it is revoked.
        cnf: `{"jkt": ...}` or `{"x5t#S256": ...}`.
        authorization_details: RFC 9396.
        act: who acts for `sub` (RFC 8693 s4.1).
    """

    iss: str
    aud: str
    sub: str
    iat: float
    exp: int
    jti: str
    client_id: str = ""
    scope: str = ""
    roles: tuple[str, ...] = ()
    tenant: str = ""
    acr: str = ""
    amr: tuple[str, ...] = ()
    auth_time: int = 0
    sid: str = ""
    grant: str = ""
    cnf: dict[str, str] = {}
    authorization_details: tuple[dict[str, Any], ...] = ()
    act: dict[str, Any] = {}


class Issued(Struct, frozen=True):
    """A token, its `jti`, and when it ends (unix seconds)."""

    token: str
    jti: str
    expires: int

    def __repr__(self) -> str:
        return f"Issued(jti={self.jti!r})"


def mint_access(
    server: Server,
    tx: Connection,
    grant: Grant,
    client: Client,
    scopes: tuple[str, ...],
    *,
    now: float,
    lifetime: float | None = None,
    act: dict[str, Any] | None = None,
) -> Issued:
    """Mint an access token.

    Args:
        server: the server.
        tx: a transaction that writes.
        grant: what it comes from; one with an empty id is no family.
        client: who gets it.
        scopes: what it may do, decided already.
        now: unix seconds.
        lifetime: seconds, if shorter than `access_lifetime`.
        act: who acts for the subject (RFC 8693 s4.1).
    """
    # Who exchanges a token acts for its subject, which may be another service (RFC 8693).
    holder = find_user(tx, grant.user) or find_client(tx, grant.user) if grant.user else client
    claims = AccessClaims(
        iss=server.url,
        aud=server.settings.audience,
        sub=grant.user or client.id,
        iat=instant(now),
        exp=_expiry(server, grant, now, lifetime),
        jti=fresh_jti(),
        client_id=client.id,
        scope=" ".join(scopes),
        roles=carried_roles(server, holder.roles if holder else (), scopes),
        tenant=holder.tenant if holder else "",
        acr=grant.acr,
        amr=grant.amr,
        auth_time=int(grant.auth_time),
        sid=grant.session,
        grant=grant.id,
        cnf=confirmation(grant.binding),
        authorization_details=grant.details,
        act=act or {},
    )
    return _issue(server, tx, claims, ACCESS, now)


def carried_roles(
    server: Server, roles: tuple[str, ...], scopes: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the roles of which every scope was granted.

    A role opens at the gate what its scopes open: with any other one, an application that was
    allowed to read could do whatever its person may (CWE-863).
    """
    known, given = server.config.vocabulary.roles, set(scopes)
    return tuple(role for role in roles if given.issuperset(known.get(role, ())))


def mint_session(
    server: Server, tx: Connection, session: Session, user: User, now: float
) -> Issued:
    """Mint what the browser shows the API: as long as the sign-in may be idle, never longer."""
    scopes = server.scopes_of(user.roles)
    claims = AccessClaims(
        iss=server.url,
        aud=server.settings.audience,
        sub=user.id,
        iat=instant(now),
        exp=int(min(session.expires, now + server.settings.session_idle)),
        jti=fresh_jti(),
        scope=" ".join(sorted(scopes)),
        roles=user.roles,
        tenant=user.tenant,
        acr=session.acr,
        amr=session.amr,
        auth_time=int(session.auth_time),
        sid=session.id,
    )
    return _issue(server, tx, claims, SESSION, now)


def mint_id_token(  # noqa: PLR0917 - the fixed signature
    server: Server,
    tx: Connection,
    grant: Grant,
    client: Client,
    user: User,
    now: float,
    access: str = "",
) -> str:
    """Mint an ID token (OpenID Connect Core s2): who signed in, when and how; no other data.

    Args:
        server: the server.
        tx: a transaction that writes.
        grant: with the sign-in's `acr`, `amr`, `auth_time` and `nonce`.
        client: its audience.
        user: who signed in.
        now: unix seconds.
        access: the access token issued with it, for `at_hash`.
    """
    algorithm = signing_key(server, tx, now)[0].algorithm
    claims: dict[str, Any] = {
        "iss": server.url,
        "sub": user.id,
        "aud": client.id,
        "iat": int(now),
        "exp": int(now + ID_TOKEN_SECONDS),
        "auth_time": int(grant.auth_time),
        "nonce": grant.nonce,
        "acr": grant.acr,
        "amr": list(grant.amr),
        "sid": grant.session,
        "at_hash": half_hash(access, algorithm) if access else "",
    }
    return sign(server, tx, {name: value for name, value in claims.items() if value}, IDENTITY, now)


def sign(server: Server, tx: Connection, claims: dict[str, Any], typ: str, now: float) -> str:
    """Sign claims with the active key.

    Args:
        server: the server.
        tx: a transaction that writes: the first token makes the first key.
        claims: the payload.
        typ: what it is, so that it is taken for nothing else.
        now: unix seconds.
    """
    row, key = signing_key(server, tx, now)
    header = msgspec.json.encode({"alg": row.algorithm, "kid": row.kid, "typ": typ})
    message = _base64url(header) + b"." + _base64url(msgspec.json.encode(claims))
    signature = JWSRegistry.algorithms[row.algorithm].sign(message, key)
    return (message + b"." + _base64url(signature)).decode()


def confirmation(binding: str) -> dict[str, str]:
    """Write a binding as a `cnf` claim (RFC 9449 s6.1, RFC 8705 s3.1)."""
    kind, _, thumbprint = binding.partition(":")
    return {_CONFIRMATIONS[kind]: thumbprint} if binding else {}


def instant(now: float) -> float:
    """Round down to a millisecond, so that no token is newer than it is."""
    return math.floor(now * 1000) / 1000


def fresh_jti() -> str:
    """Make the identifier of a token."""
    return secrets.token_urlsafe(JTI_BYTES)


def half_hash(text: str, algorithm: str) -> str:
    """Return the left half of a token's hash (OpenID Connect Core s3.1.3.6)."""
    # Ed25519 hashes with SHA-512; the others that we sign with say 256.
    hashed = hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256
    whole = hashed(text.encode()).digest()
    return _base64url(whole[: len(whole) // 2]).decode()


def _base64url(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def _expiry(server: Server, grant: Grant, now: float, lifetime: float | None) -> int:
    """Return when an access token ends: with its grant at the latest."""
    most = server.settings.access_lifetime
    if is_operation(grant):
        most = min(most, OPERATION_SECONDS)
    end = now + (most if lifetime is None else min(most, lifetime))
    return int(min(end, grant.expires) if grant.expires else end)


def is_operation(grant: Grant) -> bool:
    """Whether it was granted for one request only (`bind: operation`)."""
    return any(detail.get("type") == TYPE for detail in grant.details)


def _issue(server: Server, tx: Connection, claims: AccessClaims, typ: str, now: float) -> Issued:
    token = sign(server, tx, msgspec.to_builtins(claims), typ, now)
    return Issued(token, claims.jti, claims.exp)
