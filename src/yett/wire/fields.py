"""Header fields: the bytes between request line and empty line to one dictionary, or a refusal.

Stricter than the parsers around it where they were seen to differ (notes/edge.md 2.1): only CRLF,
no folding, no space before the colon, no second reading of a framing field. Knows no version and no
peer; `wire/http1.py` and `wire/forwarding.py` do. RFC 9110 s5, RFC 9112 s5 and s6.
"""

from __future__ import annotations

import re

from msgspec import Struct

from yett.problems import HEAD_TOO_LARGE, MALFORMED_REQUEST, Problem

MAX_FIELDS = 100
MAX_LENGTH_DIGITS = 15

# Possessive inside: a hostile block costs one pass. obs-text is let through as opaque bytes. The
# group is not: before Python 3.11.5 it would keep what a failed turn ate (gh-106052), and to Debian
# 12's 3.11.2 `a: b CRLF xyz:` was well-formed.
FIELD_BLOCK = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+\r\n)*")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HOST = re.compile(rb"(?:[a-z0-9](?:[a-z0-9._-]{0,253})|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?")
# Fields of which a second copy is a second reading (RFC 9110 s5.3), beside those of framing.
SINGLETONS = frozenset(
    b"authorization content-length content-type content-encoding content-location content-range "
    b"date expect from host idempotency-key if-modified-since if-range if-unmodified-since "
    b"max-forwards origin proxy-authorization range referer sec-fetch-dest sec-fetch-mode "
    b"sec-fetch-site sec-websocket-key sec-websocket-version traceparent transfer-encoding "
    b"user-agent".split()
)
# `Transfer_Encoding` is the same variable as `Transfer-Encoding` to a WSGI or CGI service.
_NO_ALIAS = SINGLETONS | {b"connection", b"cookie", b"trailer", b"upgrade", b"te", b"via"}


class Fields(Struct, frozen=True):
    """Checked request fields.

    Args:
        headers: lower-case names, repeated fields joined.
        authority: the `Host`, lower-case.
        length: declared body length in bytes, 0 for none, None when chunked.
        named: lower-case options of `Connection`.
        expects: whether `100 Continue` is waited for; other expectations are in `headers`.
    """

    headers: dict[bytes, bytes]
    authority: str
    length: int | None
    named: frozenset[bytes]
    expects: bool


def read_fields(block: bytes) -> Fields | Problem:
    """Read the field lines of a request, each ended by CRLF, without the empty line."""
    if block.count(b"\n") > MAX_FIELDS:
        return HEAD_TOO_LARGE("there are too many header fields", close=True)
    if FIELD_BLOCK.fullmatch(block) is None:
        return _malformed("a header field is malformed")
    headers: dict[bytes, bytes] = {}
    for line in block[:-2].split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.lower()
        value = value.strip(b" \t")  # llhttp keeps the trailing blanks (notes/edge.md 0.3)
        if name in headers:
            if name in SINGLETONS:
                return _malformed(f"the `{name.decode()}` field is repeated")
            value = headers[name] + (b"; " if name == b"cookie" else b", ") + value
        headers[name] = value
    if b"_" in block:
        problem = _check_aliases(headers)
        if problem is not None:
            return problem
    return _check(headers)


def _check(headers: dict[bytes, bytes]) -> Fields | Problem:
    authority = read_host(headers.get(b"host"))
    if isinstance(authority, Problem):
        return authority
    length = read_length(headers)
    if isinstance(length, Problem):
        return length
    named = read_options(headers.get(b"connection"))
    if isinstance(named, Problem):
        return named
    expects = headers.get(b"expect", b"").lower() == b"100-continue"
    return Fields(headers, authority, length, named, expects)


def read_host(value: bytes | None) -> str | Problem:
    """Read `Host`; a missing, empty or odd one is a routing confusion (RFC 9112 s3.2)."""
    if value is None:
        return _malformed("the `host` field is missing")
    match = _HOST.fullmatch(value.lower())
    if match is None or (match[1] and int(match[1]) > 65535):
        return _malformed("the `host` field is malformed")
    return match[0].decode("ascii")


def read_length(headers: dict[bytes, bytes]) -> int | Problem | None:
    """Read the body's framing; two framings are two readings (RFC 9112 s6.3, CWE-444)."""
    coding = headers.get(b"transfer-encoding")
    length = headers.get(b"content-length")
    if coding is not None:
        if length is not None:
            return _malformed("`transfer-encoding` and `content-length` are both present")
        if coding.lower() != b"chunked":
            return _malformed("`chunked` is the only transfer coding understood")
        return None
    if length is None:
        return 0
    if not length.isdigit() or len(length) > MAX_LENGTH_DIGITS:
        return _malformed("the `content-length` field is malformed")
    return int(length)


def read_options(value: bytes | None) -> frozenset[bytes] | Problem:
    """Read `Connection`: lower-case options (RFC 9110 s7.6.1)."""
    if value is None:
        return _NONE
    options = frozenset(part.strip(b" \t") for part in value.lower().split(b",")) - {b""}
    if any(_TOKEN.fullmatch(option) is None for option in options):
        return _malformed("the `connection` field is malformed")
    return options


def _check_aliases(headers: dict[bytes, bytes]) -> Problem | None:
    for name in headers:
        if b"_" in name:
            dashed = name.replace(b"_", b"-")
            if dashed in _NO_ALIAS or dashed in headers:
                return _malformed("a header field has a second name with `_`")
    return None


def _malformed(detail: str) -> Problem:
    return MALFORMED_REQUEST(detail, close=True)


_NONE: frozenset[bytes] = frozenset()
