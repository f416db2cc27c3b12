"""Header and cookie parameters: what an operation declares is read, the rest is not looked at.

Browsers and proxies send headers and cookies of their own, so an unknown one is no fault. Values
are ASCII; a cookie has no quotes, which some services take off and others keep. RFC 9110 s5.5,
RFC 6265 s4.1.1 and s4.2.1.
"""

from __future__ import annotations

import re
from typing import Any

from yett.policy.coerce import UNREADABLE
from yett.policy.fields import Field, read_field
from yett.policy.model import Fault
from yett.policy.percent import EncodingError, decode

# OpenAPI 3.2.0 s4.12.2: these are described elsewhere and ignored as parameters.
IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
MAX_COOKIES = 200

_HEADER_TEXT = re.compile(rb"[\t\x20-\x7e]*")
# cookie-octet (RFC 6265 s4.1.1) and the comma that `style: form` needs; quotes have two readings.
_COOKIE_VALUE = re.compile(r"[\x21\x23-\x3a\x3c-\x5b\x5d-\x7e]*")
_COMMA = re.compile(r"[ \t]*+,[ \t]*+")

Values = dict[str, dict[str, Any]]


def read_headers(
    fields: tuple[tuple[bytes, Field, bool], ...], headers: dict[bytes, bytes], values: Values
) -> Fault | None:
    """Put the declared headers into `values`; the third of a field says commas separate parts."""
    found: dict[str, Any] = {}
    for name, field, listed in fields:
        raw = headers.get(name)
        if raw is None:
            if _is_respelled(name, headers):
                return Fault("malformed", field.where)
            continue
        if not _HEADER_TEXT.fullmatch(raw):
            return Fault("malformed", field.where)
        text = raw.decode("ascii").strip(" \t")
        value = read_field(field, _COMMA.sub(",", text) if listed else text)
        if value is UNREADABLE:
            return Fault("mismatch", field.where, "type")
        found[field.name] = value
    values["header"] = found
    return None


def _is_respelled(name: bytes, headers: dict[bytes, bytes]) -> bool:
    """Whether a field comes by another name that is this one to a WSGI or CGI service.

    `X_Limit` would be read there as `X-Limit`, and nobody has looked at it here (CWE-444).
    """
    dashed = name.replace(b"_", b"-")
    return any(one.replace(b"_", b"-") == dashed for one in headers)


def read_cookies(fields: dict[str, Field], raw: bytes, values: Values) -> Fault | None:
    """Put the declared cookies into `values`, each at most once."""
    found: dict[str, Any] = {}
    pairs = raw.split(b";") if raw else []
    if len(pairs) > MAX_COOKIES:
        return Fault("malformed", "cookie")
    for pair in pairs:
        label, _, octets = pair.partition(b"=")
        field = fields.get(label.strip(b" \t").decode("latin-1"))
        if field is None:
            continue
        if field.name in found:
            return Fault("repeated", field.where)
        value = _read_cookie(field, octets.strip(b" \t"))
        if isinstance(value, Fault):
            return value
        found[field.name] = value
    values["cookie"] = found
    return None


def _read_cookie(field: Field, octets: bytes) -> Any:
    text = octets.decode("latin-1")
    if not _COOKIE_VALUE.fullmatch(text):
        return Fault("malformed", field.where)
    try:
        value = read_field(field, decode(text, plus=False))
    except EncodingError:
        return Fault("malformed", field.where)
    return Fault("mismatch", field.where, "type") if value is UNREADABLE else value
