"""What a request presents as a credential: extractors made from OpenAPI security schemes.

A presented value is only cut out here, never judged. `cookie` and `query` keys are taken from the
raw fields, exactly once: a name that appears twice, or again in another spelling, has two readings;
it counts as a bad credential, because the service might take the one that was not verified.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from yett.contract.model import SecurityScheme
from yett.engine.steps.possession import DPOP
from yett.terms import Request

Presented = tuple[str, bytes]
Extract = Callable[[Request], "Presented | None"]

BEARER_TYPES = ("oauth2", "openIdConnect")
CERTIFICATE_TYPE = "mutualTLS"
API_KEY_PREFIX = b"yett_"
UNKNOWN = "unknown"  # an authentication scheme that no security scheme of ours uses
# What services are known to strip off a cookie's name, however they decode the field.
_BLANK = b" \t" + bytes(range(0x80, 0x100))


def extractor(scheme: SecurityScheme) -> Extract | None:
    """Return a function to (kind, credential); None when the scheme is not verified here."""
    if scheme.type in BEARER_TYPES or (scheme.type, scheme.http_scheme) == ("http", "bearer"):
        return bearer
    if scheme.type == CERTIFICATE_TYPE:
        return in_handshake
    if scheme.type != "apiKey":
        return None
    name = scheme.parameter.encode()
    if scheme.location == "header":
        lower = name.lower()
        return lambda request: _only(header_values(request.headers, lower), _api_key)
    if scheme.location == "cookie":
        return lambda request: _only(
            cookie_values(request.headers.get(b"cookie"), name), _session_or_key
        )
    if scheme.location == "query":
        return lambda request: _only(query_values(request.query, scheme.parameter), _api_key)
    return None


def bearer(request: Request) -> Presented | None:
    """Cut the token out of `Authorization`, in the scheme `Bearer` or `DPoP`.

    Schemes have no case. An API key is bound to nothing, so in `DPoP` it is no credential.
    See RFC 6750 s2.1, RFC 9449 s7.1, RFC 9110 s11.1.
    """
    value = request.headers.get(b"authorization")
    if value is None:
        return None
    if value[:7] == b"Bearer " or value[:7].lower() == b"bearer ":
        return _token_or_key(value[7:], "bearer")
    if value[:5].lower() == b"dpop " and not value.startswith(API_KEY_PREFIX, 5):
        return DPOP, value[5:]
    return UNKNOWN, b""


def in_handshake(request: Request) -> Presented | None:
    """Find nothing in the request: a certificate was shown before it; see `steps/certificate`."""
    del request
    return None


def header_values(headers: dict[bytes, bytes], name: bytes) -> list[bytes]:
    """Return every value of a field; `X_Api_Key` is `X-Api-Key` to a WSGI or CGI service."""
    found = [headers[name]] if name in headers else []
    alias = name.replace(b"-", b"_")
    return [*found, b""] if alias != name and alias in headers else found


def cookie_values(cookies: bytes | None, name: bytes) -> list[bytes]:
    """Return every value that some service may take for this cookie's. See RFC 6265 s4.2.

    Starlette and others strip white space off a name, ASP.NET compares without case: to them
    `sid=good; sid =forged` is forged. Such a name counts here, and its value is never good.
    """
    if cookies is None:
        return []
    folded = name.lower()
    if folded not in cookies.lower():
        return []
    pairs = (pair.partition(b"=") for pair in cookies.split(b";"))
    return [
        value.rstrip(b" \t") if key.lstrip(b" \t") == name else b""
        for key, _, value in pairs
        if key.strip(_BLANK).lower() == folded
    ]


def query_values(query: str, name: str) -> list[bytes]:
    """Return every value of a query parameter, however its name is written."""
    if not query:
        return []
    wanted = name.encode()
    pairs = (pair.partition("=") for pair in query.split("&"))
    return [_decode(value) for key, _, value in pairs if _decode(key) == wanted]


def _decode(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))


def _only(values: list[bytes], tell: Callable[[bytes], Presented]) -> Presented | None:
    """Tell what the only value is; several are no credential that anybody could verify."""
    if not values:
        return None
    return tell(values[0]) if len(values) == 1 else (UNKNOWN, b"")


def _api_key(value: bytes) -> Presented:
    return "api_key", value


def _token_or_key(value: bytes, token: str) -> Presented:
    """Tell a yett API key from a token by its prefix; what is neither fails verification."""
    return ("api_key" if value.startswith(API_KEY_PREFIX) else token), value


def _session_or_key(value: bytes) -> Presented:
    return _token_or_key(value, "session")
