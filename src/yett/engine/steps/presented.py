"""What a request presents as a credential: extractors made from OpenAPI security schemes.

A presented value is only cut out here, never judged. `cookie` and `query` keys are taken from the
raw fields, exactly once: a name that appears twice has two readings and counts as not presented.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from yett.contract.model import SecurityScheme
from yett.terms import Request

Extract = Callable[[Request], "tuple[str, bytes] | None"]

BEARER_TYPES = ("oauth2", "openIdConnect")
API_KEY_PREFIX = b"yett_"
UNKNOWN = "unknown"  # an authentication scheme that no security scheme of ours uses


def extractor(scheme: SecurityScheme) -> Extract | None:
    """Return a function to (kind, credential); None when the scheme is not verified here."""
    if scheme.type in BEARER_TYPES or (scheme.type, scheme.http_scheme) == ("http", "bearer"):
        return bearer
    if scheme.type != "apiKey":
        return None
    name = scheme.parameter.encode()
    if scheme.location == "header":
        lower = name.lower()
        return lambda request: _key(request.headers.get(lower))
    if scheme.location == "cookie":
        return lambda request: _token_or_key(cookie_value(request.headers.get(b"cookie"), name))
    if scheme.location == "query":
        return lambda request: _key(query_value(request.query, scheme.parameter))
    return None


def bearer(request: Request) -> tuple[str, bytes] | None:
    """Cut the token out of `Authorization: Bearer`. See RFC 6750 s2.1, RFC 9110 s11.1."""
    value = request.headers.get(b"authorization")
    if value is None:
        return None
    if value[:7] == b"Bearer " or value[:7].lower() == b"bearer ":
        return _token_or_key(value[7:])
    return UNKNOWN, b""


def cookie_value(cookies: bytes | None, name: bytes) -> bytes | None:
    """Return the one value of a cookie, None when it is absent or repeated. See RFC 6265 s4.2."""
    if cookies is None:
        return None
    found = None
    for pair in cookies.split(b";"):
        key, _, value = pair.strip(b" \t").partition(b"=")
        if key == name:
            if found is not None:
                return None
            found = value
    return found


def query_value(query: str, name: str) -> bytes | None:
    """Return the one value of a query parameter, None when it is absent or repeated."""
    found = [
        value for key, _, value in (pair.partition("=") for pair in query.split("&")) if key == name
    ]
    return unquote_to_bytes(found[0].replace("+", " ")) if len(found) == 1 else None


def _key(value: bytes | None) -> tuple[str, bytes] | None:
    return None if value is None else ("api_key", value)


def _token_or_key(value: bytes | None) -> tuple[str, bytes] | None:
    """Tell a yett API key from a token by its prefix; what is neither fails verification."""
    if value is None:
        return None
    return ("api_key" if value.startswith(API_KEY_PREFIX) else "bearer"), value
