"""One spelling of an http URL without its query, so that two can be compared.

Syntax- and scheme-based normalisation as RFC 9449 s4.3 asks for: case of scheme and host, default
port, empty path, dot segments, percent-encoding (RFC 3986 s6.2.2, s6.2.3). Never looks anything
up and never resolves a relative reference; what is not an absolute http URL has no spelling.
"""

from __future__ import annotations

import re

_DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_PORT = 65535

# RFC 3986 s3, for http: no user name (it would hide the host, CWE-601), no escapes in the host (a
# DNS name needs none), a path that is empty or begins with `/`. Every part ends at a character that
# it cannot hold, so there is one way to match.
_URL = re.compile(
    r"(https?)://"
    r"([a-z0-9._~!$&'()*+,;=-]+|\[[0-9a-f:.]+\])"
    r"(?::([0-9]{0,5}))?"
    r"(/(?:[a-z0-9._~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*)?"
    r"(?:\?[\x21-\x22\x24-\x7e]*)?(?:#[\x21-\x7e]*)?",
    re.IGNORECASE | re.ASCII,
)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
# What may stand in a path without an escape (pchar), but `;`: the gate writes its one form so
# (`wire.target`), and what it routes as one URL is one URL here.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@")


def normal_url(text: str) -> str:
    """Return the one spelling of an absolute http URL, without query and fragment; or nothing."""
    match = _URL.fullmatch(text)
    if match is None:
        return ""
    scheme, host, port, path = match[1].lower(), match[2].lower(), match[3], match[4] or "/"
    number = int(port) if port else _DEFAULT_PORTS[scheme]
    if not 0 < number <= MAX_PORT:
        return ""
    if "%" in path:
        path = _ESCAPE.sub(_decode, path)
    if "/." in path:
        path = _without_dots(path)
    shown = "" if number == _DEFAULT_PORTS[scheme] else f":{number}"
    return f"{scheme}://{host}{shown}{path}"


def _decode(escape: re.Match[str]) -> str:
    """Write an escape as the character where it may stand, else in upper case (s6.2.2)."""
    character = chr(int(escape[1], 16))
    return character if character in _PLAIN else escape[0].upper()


def _without_dots(path: str) -> str:
    """Remove dot segments of a path that begins with `/`. See RFC 3986 s5.2.4."""
    kept: list[str] = []
    segments = path[1:].split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    closing = "/" if segments[-1] in {".", ".."} and kept else ""
    return "/" + "/".join(kept) + closing
