"""WSGI environments: a request read from one, and the one that the application is called with.

The path is taken as it came where the server tells (`REQUEST_URI`, `RAW_URI`) and must be what it
made of it; a rewriting front would be a second reading. Where it does not, `PATH_INFO` is encoded
again: an encoded slash is then a plain one, for the gate as for the application. PEP 3333.
"""

from __future__ import annotations

from typing import Any, BinaryIO
from urllib.parse import quote_from_bytes, unquote_to_bytes

from yett.gate.within.incoming import Heard
from yett.gate.within.outgoing import Outgoing
from yett.problems import AMBIGUOUS_TARGET, Problem

Environ = dict[str, Any]

# PEP 3333: what is no string has a dot in its name.
KEY = "yett.caller"
_SAFE = "/-._~!$&'()*+,=:@"
_OWN = ("CONTENT_TYPE", "CONTENT_LENGTH")
# By which bytes would pass the gate unseen, or what belongs to the request as it came.
_DROPPED = frozenset({*_OWN, "wsgi.file_wrapper", "RAW_URI", "REQUEST_URI", KEY})


def heard(environ: Environ) -> Heard | Problem:
    """Read what the server says of a request."""
    served = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    query = environ.get("QUERY_STRING", "").encode("latin-1")
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    path = quote_from_bytes(served, _SAFE).encode()
    if raw:
        path, _, told = raw.encode("latin-1").partition(b"?")
        origin = (
            path if path.startswith(b"/") else b"/" + path.partition(b"://")[2].partition(b"/")[2]
        )
        if told != query or unquote_to_bytes(origin) != (served or b"/"):
            return AMBIGUOUS_TARGET(note="the server made another path of the request's target")
    return Heard(
        str(environ["REQUEST_METHOD"]),
        path or b"/",
        query,
        tuple(_fields(environ)),
        str(environ.get("REMOTE_ADDR", "")),
        environ.get("wsgi.url_scheme") == "https",
        0 if environ.get("SERVER_PROTOCOL") == "HTTP/1.0" else 1,
    )


def _fields(environ: Environ) -> list[tuple[bytes, bytes]]:
    """Return the fields; what names a length or type twice, differently, stays to be refused."""
    found = []
    for key, value in environ.items():
        if key in _OWN:
            name = key if value else ""
        elif key.startswith("HTTP_"):
            name = key[5:]
            if name in _OWN and value == environ.get(name):
                name = ""
        else:
            name = ""
        if name:
            text = name.replace("_", "-").lower().encode("latin-1")
            found.append((text, str(value).encode("latin-1")))
    return found


def call_environ(environ: Environ, call: Outgoing, body: BinaryIO) -> Environ:
    """Make the environment of one call."""
    kept = {
        key: value
        for key, value in environ.items()
        if not key.startswith("HTTP_") and key not in _DROPPED
    }
    for name, value in call.fields:
        key = name.decode("latin-1").upper().replace("-", "_")
        kept[key if key in _OWN else f"HTTP_{key}"] = value.decode("latin-1")
    served = ("/" + "/".join(call.segments)).encode().decode("latin-1")
    kept["REQUEST_METHOD"] = call.method
    kept["PATH_INFO"] = served.removeprefix(environ.get("SCRIPT_NAME", ""))
    kept["QUERY_STRING"] = call.query
    kept["REQUEST_URI"] = f"{call.path}?{call.query}" if call.query else call.path
    kept["wsgi.url_scheme"] = "https" if call.secure else "http"
    kept["wsgi.input"] = body
    kept["wsgi.input_terminated"] = True
    if call.source != "unix":
        kept["REMOTE_ADDR"] = call.source
    if call.caller is not None:
        kept[KEY] = call.caller
    return kept
