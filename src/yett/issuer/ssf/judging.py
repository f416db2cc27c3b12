"""Judges a pushed security event token: whose it is, that it is for us, and what it says.

The structure is judged as any token's (`credentials/structure.py`), the algorithm comes from the
configuration. `sub` and `exp` make a SET into something that could pass for another token: refused.
RFC 8417 s2.2 and s4, OpenID SSF 1.0 s4.1, RFC 8725 s3.11.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.credentials.jwt import check_signature
from yett.credentials.structure import RawToken, is_identifier, read_token
from yett.state.transmitters import Transmitter

TYPE = "secevent+jwt"
SKEW_SECONDS = 300.0
MAX_AGE_SECONDS = 7 * 86_400.0  # a transmitter retries for days; used `jti` are kept for as long
MAX_EVENTS = 8

# Codes of RFC 8935 s2.4.
REQUEST, KEY, ISSUER, AUDIENCE = (
    "invalid_request",
    "invalid_key",
    "invalid_issuer",
    "invalid_audience",
)


class Told(Struct, frozen=True, kw_only=True):
    """A verified SET.

    Args:
        jti: its identifier.
        at: when it was made (unix seconds).
        subject: its `sub_id`, an object; empty for none.
        events: event type -> what is said, each an object.
    """

    jti: str
    at: float
    subject: dict[str, Any]
    events: dict[str, dict[str, Any]]


class Refused(Struct, frozen=True):
    """Why a SET is not taken: a code of RFC 8935 s2.4, and words for the transmitter's people."""

    code: str
    text: str


def judge(text: bytes, transmitter: Transmitter, now: float) -> Told | Refused:
    """Judge a SET that this transmitter pushed.

    Args:
        text: compact JWS.
        transmitter: known by its bearer token.
        now: unix seconds.
    """
    raw = read_token(text)
    if isinstance(raw, str):
        return Refused(REQUEST, raw)
    if raw.header.type != TYPE:
        return Refused(REQUEST, "`typ` is not `secevent+jwt`")
    claims, config = raw.unverified_claims, transmitter.config
    if claims.get("iss") != config.url:
        return Refused(ISSUER, "`iss` is not the transmitter that this token belongs to")
    if not _is_signed(raw, transmitter):
        return Refused(KEY, "the signature cannot be verified")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if config.audience not in audiences:
        return Refused(AUDIENCE, "`aud` does not name this receiver")
    wrong = _wrong_shape(claims, now)
    if wrong:
        return Refused(REQUEST, wrong)
    return Told(
        jti=claims["jti"],
        at=claims["iat"],
        subject=claims.get("sub_id", {}),
        events=claims["events"],
    )


def _is_signed(raw: RawToken, transmitter: Transmitter) -> bool:
    header = raw.header
    if header.algorithm not in transmitter.config.algorithms:
        return False
    keys = transmitter.keys(header.kid)
    key = keys.keys.get(header.kid) if keys is not None else None
    return key is not None and check_signature(raw.segments, header.algorithm, key)


def _wrong_shape(claims: dict[str, Any], now: float) -> str:
    for name in ("sub", "exp"):
        if name in claims:
            return f"a security event has no `{name}`"
    if not is_identifier(claims.get("jti")):
        return "`jti` is missing or not an identifier"
    made = claims.get("iat")
    if not isinstance(made, int | float) or isinstance(made, bool):
        return "`iat` is not a date"
    if not now - MAX_AGE_SECONDS <= made <= now + SKEW_SECONDS:
        return "`iat` is too long ago, or ahead"
    if not isinstance(claims.get("sub_id", {}), dict):
        return "`sub_id` is not an object"
    events = claims.get("events")
    if not isinstance(events, dict) or not 0 < len(events) <= MAX_EVENTS:
        return f"`events` is not an object of 1 to {MAX_EVENTS} events"
    if not all(isinstance(one, dict) for one in events.values()):
        return "an event is not an object"
    return ""
