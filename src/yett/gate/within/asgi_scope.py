"""ASGI scopes: a request read from one, and the one that the application is called with.

A scope for the application is made new for each call, so that what it writes into its `state` in a
read for a rule is not there in the request itself. Extensions by which bytes would pass the gate
unseen (sending a file by its path, trailers, early hints) are not offered. ASGI 3.0, HTTP 2.3.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from yett.gate.within.incoming import Heard
from yett.gate.within.outgoing import Outgoing
from yett.terms import Certificate
from yett.wire.certificate import CertificateError, read_certificate

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SECURE = frozenset({"https", "wss"})
# What a server may offer that takes no byte past the gate.
_HARMLESS = frozenset({"tls", "websocket.http.response"})
KEY = "yett"
# The server hands over the text on every request of a connection.
MAX_CERTIFICATES = 256


def heard(scope: Scope) -> Heard:
    """Read what the server says of a request or a WebSocket handshake."""
    client = scope.get("client")
    version = str(scope.get("http_version", "1.1"))
    return Heard(
        str(scope.get("method", "GET")),
        _raw_path(scope),
        bytes(scope.get("query_string", b"")),
        tuple((bytes(name), bytes(value)) for name, value in scope["headers"]),
        str(client[0]) if client else "",
        scope.get("scheme") in _SECURE,
        0 if version == "1.0" else 1,
        certificate=_certificate(scope),
    )


def _certificate(scope: Scope) -> Certificate | None:
    """Return what the server has verified of the client (ASGI TLS extension 0.2)."""
    told = (scope.get("extensions") or {}).get("tls")
    if not told or told.get("client_cert_error") or not told.get("client_cert_chain"):
        return None
    return _read_pem(str(next(iter(told["client_cert_chain"]))))


@functools.lru_cache(MAX_CERTIFICATES)
def _read_pem(pem: str) -> Certificate | None:
    # One that cannot be read is not shown: whoever needs it is refused.
    try:
        return read_certificate(ssl.PEM_cert_to_DER_cert(pem))
    except (CertificateError, ValueError):
        return None


def _raw_path(scope: Scope) -> bytes:
    """Return the path as it came; where the server keeps only a decoded one, that, encoded again.

    Then an encoded slash cannot be told from a plain one; the application cannot tell them either.
    """
    raw = scope.get("raw_path")
    if raw:
        return bytes(raw)
    return quote(str(scope["path"]), safe="/-._~!$&'()*+,=:@", errors="surrogateescape").encode()


def call_scope(scope: Scope, call: Outgoing) -> dict[str, Any]:
    """Make the scope of one call."""
    made = dict(scope)
    made["headers"] = call.fields
    made["path"] = "/" + "/".join(call.segments)
    made["raw_path"] = call.path.encode("ascii")
    made["query_string"] = call.query.encode("ascii")
    if scope["type"] == "http":
        made["method"] = call.method
    secure = scope.get("scheme") in _SECURE
    if secure is not call.secure:
        plain, tls = ("http", "https") if scope["type"] == "http" else ("ws", "wss")
        made["scheme"] = tls if call.secure else plain
    client = scope.get("client")
    if client is None or client[0] != call.source:
        made["client"] = (call.source, 0) if call.source != "unix" else client
    if "state" in scope:
        made["state"] = dict(scope["state"])
    offered = scope.get("extensions") or {}
    made["extensions"] = {name: offered[name] for name in _HARMLESS & offered.keys()}
    made.pop(KEY, None)
    if call.caller is not None:
        made[KEY] = call.caller
    return made
