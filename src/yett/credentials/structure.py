"""The structural gate before any key is touched: it only ever rejects.

A compact JWS (RFC 7515 s3.1) with one spelling: three canonical base64url segments, two JSON
objects with one reading, a header that names nothing but what the verifier decides itself. What
comes out is a `RawToken`, which nobody has vouched for; only `jwt.verify_jwt` makes a principal.
See RFC 8725, RFC 9068 s2.1. The classes it stops are in tests/kit/hostile.py.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from msgspec import Struct

from yett.credentials.strict_json import read_object

MAX_TOKEN_BYTES = 8192
MAX_IDENTIFIER_CHARS = 255  # OpenID Connect Core s2 bounds `sub` so; the same for kid and jti

THUMBPRINT_BYTES = 32  # SHA-256

SEGMENTS = 3
# What a token may say about itself. `x5t` names a certificate that is never looked up (Entra and
# ADFS send it); all that makes a verifier fetch, trust, skip or inflate something is absent:
# jwk, jku, x5u, x5c, crit, b64, zip, cty.
ALLOWED_HEADER = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
# Those worth naming in the record, because only an attacker sends them.
DANGEROUS_HEADER = ("jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty")


class Segments(Struct, frozen=True):
    """The three parts, decoded, and the bytes that were signed."""

    header: bytes
    payload: bytes
    signature: bytes
    signing_input: bytes


class Header(Struct, frozen=True):
    """What the token says about itself; `type` is lower-case without `application/`, or empty."""

    algorithm: str
    kid: str
    type: str


class RawToken(Struct, frozen=True):
    """A well-formed token that nobody has vouched for.

    Args:
        header: see `Header`.
        unverified_claims: the payload; true only after `verify_jwt`.
        segments: for the signature check.
    """

    header: Header
    unverified_claims: dict[str, Any]
    segments: Segments


def read_token(text: bytes, *, kid_needed: bool = True) -> RawToken | str:
    """Read a compact JWT, or say why it is refused; the reason never quotes the input.

    Args:
        text: as it was shown.
        kid_needed: whether the header must name its key; an absent `kid` is read as empty.
    """
    segments = split(text)
    if isinstance(segments, str):
        return segments
    header = read_header(segments.header, kid_needed=kid_needed)
    if isinstance(header, str):
        return header
    claims = read_object(segments.payload)
    if isinstance(claims, str):
        return f"the payload {claims}"
    return RawToken(header, claims, segments)


def split(text: bytes) -> Segments | str:
    """Cut and decode the segments, each in its only canonical spelling."""
    if len(text) > MAX_TOKEN_BYTES:
        return "the token is too long"
    parts = text.split(b".")
    if len(parts) != SEGMENTS:
        return "the token does not have three segments"
    header, payload, signature = map(decode_base64url, parts)
    if not header or payload is None or not signature:
        return "a segment is not canonical base64url"
    return Segments(header, payload, signature, text[: text.rindex(b".")])


def read_header(raw: bytes, *, kid_needed: bool = True) -> Header | str:
    """Read the JOSE header against the allow-list; `kid_needed` as in `read_token`."""
    header = read_object(raw)
    if isinstance(header, str):
        return f"the header {header}"
    if not header.keys() <= ALLOWED_HEADER:
        named = next((name for name in DANGEROUS_HEADER if name in header), "")
        return f"the header has `{named}`" if named else "the header has an unknown member"
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
    if not isinstance(algorithm, str) or not isinstance(kind, str):
        return "`alg` or `typ` is not a string"
    if "kid" not in header and not kid_needed:
        return Header(algorithm, "", media_type(kind))
    if not is_identifier(kid):
        return "`kid` is missing or not an identifier"
    return Header(algorithm, str(kid), media_type(kind))


def media_type(typ: str) -> str:
    """Fold a `typ` as RFC 7515 s4.1.9 does: case and `application/` do not count."""
    folded = typ.lower()
    rest = folded.removeprefix("application/")
    return folded if "/" in rest else rest


def is_identifier(value: object) -> bool:
    """Whether a value is a string that can name something: printable, not blank, bounded.

    Control characters would forge lines in a record or a header (CWE-117, CWE-113).
    """
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_IDENTIFIER_CHARS
        and value.isprintable()
        and value.strip() == value
    )


def is_thumbprint(text: str) -> bool:
    """Whether a text is a SHA-256 in its one base64url spelling (`jkt`, `x5t#S256`)."""
    raw = decode_base64url(text.encode()) if text.isascii() else None
    return raw is not None and len(raw) == THUMBPRINT_BYTES


def decode_base64url(segment: bytes) -> bytes | None:
    """Decode base64url without padding; None unless encoding it again gives the same bytes.

    That one comparison refuses `=`, `+/`, spaces, junk that Python's decoder skips and unused bits
    that are not zero: mod_oauth2 accepts junk, PyJWT 2.15.1 accepts `=` (notes/identity 2, 4).
    """
    try:
        decoded = urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except ValueError:
        return None
    return decoded if urlsafe_b64encode(decoded).rstrip(b"=") == segment else None
