"""Reads what a request says into names with one value each, or refuses it.

RFC 6749 s3.1 and s3.2: parameters must not be included more than once, and one without a value is
treated as if it were not there. Two readings of one request are how checks are passed (CWE-235).
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from yett.issuer.errors import OAuthError

MAX_PARAMETERS = 64
MAX_HEADER_BYTES = 16 * 1024
FORM = "application/x-www-form-urlencoded"
_LISTS = frozenset(("accept", "cache-control", "via", "x-forwarded-for", "accept-language"))


def once(encoded: bytes) -> dict[str, str]:
    """Read a query or form; parameters without a value are left out.

    Raises:
        OAuthError: `invalid_request` for a repeated name, too many, or what is no UTF-8.
    """
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(encoded),
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise OAuthError("invalid_request", "the parameters cannot be read") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise OAuthError("invalid_request", "a parameter is repeated")
    return {name: value for name, value in found.items() if value}


def read_form(content_type: str, body: bytes) -> dict[str, str] | None:
    """Read a form; None where the body is something else."""
    kind = content_type.partition(";")[0].strip().lower()
    return once(body) if kind == FORM else None


def read_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Read header fields, lower-case; lists are joined, everything else may come once.

    Raises:
        OAuthError: `invalid_request` for a repeated field, or for more than `MAX_HEADER_BYTES`.
    """
    found: dict[str, str] = {}
    if sum(len(name) + len(value) for name, value in raw) > MAX_HEADER_BYTES:
        raise OAuthError("invalid_request", "the head is too large", status=431)
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        if name not in found:
            found[name] = value
        elif name in _LISTS or name == "cookie":
            found[name] += ("; " if name == "cookie" else ", ") + value
        else:
            raise OAuthError("invalid_request", "a header field is repeated")
    return found


def read_cookies(field: str) -> dict[str, str]:
    """Read cookies; a name that comes twice counts as absent: one of the two is not ours."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for pair in field.split(";"):
        name, separator, value = pair.strip(" \t").partition("=")
        if not separator:
            continue
        if name in found:
            twice.add(name)
        found[name] = value.strip('"')
    return {name: value for name, value in found.items() if name not in twice}
