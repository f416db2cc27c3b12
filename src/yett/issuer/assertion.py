"""Client assertions, `private_key_jwt`: a short JWT that a client signs with its registered key.

The issuer and the subject are the client, the audience is exactly one of our own URLs, it is good
once and for five minutes at most. The algorithm comes from the registered key, never from the
assertion; which key that is says its `kid`, needed where there are several. RFC 7523 s3, RFC 7521
s4.2, RFC 8725; OpenID Connect Core s9.
"""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from joserfc.jwk import ECKey
from sqlalchemy import Connection

from yett.credentials import load_keys
from yett.credentials.claims import MAX_NUMERIC_DATE
from yett.credentials.jwt import check_signature
from yett.credentials.keyset import KeySetError, VerifyingKey
from yett.credentials.structure import RawToken, is_identifier, read_token
from yett.issuer.http import Ask
from yett.issuer.server import Server
from yett.state.accounts.clients import Client
from yett.state.accounts.uses import use_once

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256")
MAX_LIFETIME_SECONDS = 300.0
SKEW_SECONDS = 30.0
# No `typ` at all is what most libraries write; `at+jwt` or `dpop+jwt` is something else's.
TYPES = ("", "jwt", "client-authentication+jwt")


def claimed_client(text: str) -> str:
    """Return the client that an assertion claims to be of, unverified; empty for none."""
    raw = _read(text)
    subject = None if isinstance(raw, str) else raw.unverified_claims.get("sub")
    return subject if isinstance(subject, str) else ""


def judge_assertion(server: Server, ask: Ask, text: str, client: Client | None) -> bool:
    """Whether an assertion is good; that it is so for the first time is `use_assertion`'s.

    Args:
        server: the server.
        ask: the request it came with.
        text: the assertion.
        client: whom it names, None where there is no such client.
    """
    raw = _read(text)
    if isinstance(raw, str):
        return False
    keys = _registered_keys(msgspec.json.encode(client.jwks)) if client is not None else {}
    key = _key_of(raw, keys)
    signed = _is_signed(raw, key or _decoy())
    if client is None or key is None or not signed:
        return False
    return _is_ours(server, ask, raw.unverified_claims, client)


def use_assertion(tx: Connection, text: str, client: Client) -> bool:
    """Use a good assertion up; False where it, or another with its `jti`, was used before."""
    raw = _read(text)
    if isinstance(raw, str):
        return False
    jti, end = raw.unverified_claims["jti"], _end(raw.unverified_claims) or 0.0
    return use_once(tx, f"assertion:{client.id}", jti, end + SKEW_SECONDS)


def _read(text: str) -> RawToken | str:
    return read_token(text.encode("utf-8", "replace"), kid_needed=False)


def _key_of(raw: RawToken, keys: dict[str, VerifyingKey]) -> VerifyingKey | None:
    """Return the registered key that an assertion names; one without `kid` means the only one.

    Libraries leave it out (Authlib 1.9), and only several keys make it necessary (OpenID Connect
    Core s10.1). Never is one key after the other tried.
    """
    if raw.header.kid:
        return keys.get(raw.header.kid)
    return next(iter(keys.values())) if len(keys) == 1 else None


@functools.lru_cache(256)
def _registered_keys(document: bytes) -> dict[str, VerifyingKey]:
    try:
        return load_keys(document, ALGORITHMS).keys
    except KeySetError:
        return {}


@functools.lru_cache(1)
def _decoy() -> VerifyingKey:
    """Make a key that verifies nothing, so that an unknown client costs what a known one does."""
    key = ECKey.generate_key("P-256", private=False)
    return VerifyingKey("", key, frozenset({"ES256"}), "")


def _is_signed(raw: RawToken, key: VerifyingKey) -> bool:
    if raw.header.type not in TYPES or raw.header.algorithm not in ALGORITHMS:
        return False
    return check_signature(raw.segments, raw.header.algorithm, key)


def _is_ours(server: Server, ask: Ask, claims: dict[str, Any], client: Client) -> bool:
    """Check who says what to whom, and when (RFC 7523 s3)."""
    if claims.get("iss") != client.id or claims.get("sub") != client.id:
        return False
    # One audience and ours, as one string: an assertion for two servers is replayed at the other.
    allowed = (server.url, server.at("/token"), server.at(ask.path))
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    named = is_identifier(claims.get("jti"))
    return named and audience in allowed and _is_timely(claims, ask.now)


def _is_timely(claims: dict[str, Any], now: float) -> bool:
    end = _end(claims)
    start, made = _date(claims.get("nbf", 0)), _date(claims.get("iat", 0))
    if end is None or start is None or made is None:
        return False
    latest = now + SKEW_SECONDS
    return now - SKEW_SECONDS < end <= latest + MAX_LIFETIME_SECONDS and max(start, made) <= latest


def _end(claims: dict[str, Any]) -> float | None:
    """Return when an assertion is over: as it says, and five minutes after it was made.

    Libraries write an `exp` of an hour (Authlib 1.9) beside an `iat`; what counts is its age.
    """
    end, made = _date(claims.get("exp")), _date(claims.get("iat"))
    return end if end is None or made is None else min(end, made + MAX_LIFETIME_SECONDS)


def _date(value: object) -> float | None:
    """Read a NumericDate; neither a bool nor a NaN is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value <= MAX_NUMERIC_DATE else None
