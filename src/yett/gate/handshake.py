"""The WebSocket handshake: checked on both sides before a byte is piped. RFC 6455 s4.

Only on operations that declare it; a browser's `Origin` must be this host or a configured one
(cross-site WebSocket hijacking, CWE-1385). Frames are not looked into.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from yett.problems import MALFORMED_REQUEST, ORIGIN_NOT_ALLOWED, UPSTREAM_BROKEN, Problem

if TYPE_CHECKING:
    from yett.wire.http1 import RequestHead
    from yett.wire.response import ResponseHead

_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_UPGRADE = ((b"upgrade", b"websocket"),)


def check_handshake(head: RequestHead, origins: tuple[str, ...]) -> Problem | None:
    """Check a client's handshake. See RFC 6455 s4.2.1.

    Args:
        head: the request.
        origins: allowed origins beside the request's own host.
    """
    fields = head.fields
    headers = fields.headers
    fits = (
        head.method == "GET"
        and head.minor == 1
        and fields.length == 0
        and b"upgrade" in fields.named
        and headers.get(b"upgrade", b"").lower() == b"websocket"
        and headers.get(b"sec-websocket-version") == b"13"
        and _KEY.fullmatch(headers.get(b"sec-websocket-key", b"")) is not None
    )
    if not fits:
        return MALFORMED_REQUEST("this operation is a WebSocket of version 13", headers=_UPGRADE)
    return check_origin(headers, fields.authority, origins, secure=head.passed.secure)


def check_origin(
    headers: dict[bytes, bytes], authority: str, origins: tuple[str, ...], *, secure: bool
) -> Problem | None:
    """Check that the page that opens a WebSocket is this host's own, or a configured one."""
    origin = headers.get(b"origin")
    if origin is None:
        return None  # not a browser
    scheme = "https" if secure else "http"
    named = origin.decode("latin-1")
    if named == f"{scheme}://{authority}" or named in origins:
        return None
    return ORIGIN_NOT_ALLOWED()


def check_switch(head: ResponseHead, headers: dict[bytes, bytes]) -> Problem | None:
    """Check that the service agreed to this very handshake. See RFC 6455 s4.1."""
    key = headers.get(b"sec-websocket-key", b"")
    expected = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    if head.upgrade != b"websocket" or head.accept != expected:
        return UPSTREAM_BROKEN(note="the service switched protocols without a handshake")
    return None
