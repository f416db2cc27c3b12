"""The plain listener beside a TLS one: answers 308 to the same target over HTTPS, then closes.

Only a host that the served certificate names is redirected to, so a hostile `Host` is never
reflected (CWE-601). One request a connection, a small head, a short timer, a bounded number of
connections. Sends no HSTS: over plain HTTP it means nothing (RFC 6797 s7.2). Never forwards, never
reads a body. RFC 9110 s15.4.9, RFC 9112 s3.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import cast

MAX_HEAD_BYTES = 8192
MAX_CONNECTIONS = 1024
HEAD_TIMEOUT_SECONDS = 5.0

# One reading or none: origin-form in the characters of RFC 3986, a known version, fields without
# obs-fold or bare CR and LF.
_HEAD = re.compile(
    rb"([A-Z]{1,20}) (/[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~]*) HTTP/1\.[01]\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)
_HOST_FIELD = re.compile(rb"^host:[\t ]*([^\r]*?)[\t ]*\r$", re.IGNORECASE | re.MULTILINE)
_HOST = re.compile(rb"([a-z0-9.\-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.IGNORECASE)
_REFUSED = (
    b"HTTP/1.1 %s\r\nContent-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
)
_BAD_REQUEST = _REFUSED % b"400 Bad Request"
_MISDIRECTED = _REFUSED % b"421 Misdirected Request"
_TOO_LARGE = _REFUSED % b"431 Request Header Fields Too Large"


def answer(head: bytes, names: frozenset[str], port: int) -> bytes:
    """Give the whole response to one request head.

    Args:
        head: the request up to and with its empty line.
        names: the certificate's names, lower-case, `*.` for one label.
        port: where HTTPS listens; 443 is left out of the `Location`.
    """
    read = _HEAD.fullmatch(head)
    hosts = _HOST_FIELD.findall(read[3]) if read else []
    if read is None or len(hosts) != 1:
        return _BAD_REQUEST
    host = _HOST.fullmatch(hosts[0])
    if host is None:
        return _BAD_REQUEST
    name = host[1].lower().decode("ascii")
    if not covers(names, name):
        return _MISDIRECTED
    authority = name if port == 443 else f"{name}:{port}"
    location = b"https://" + authority.encode("ascii") + read[2]
    return (
        b"HTTP/1.1 308 Permanent Redirect\r\nLocation: " + location + b"\r\n"
        b"Content-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )


def covers(names: frozenset[str], host: str) -> bool:
    """Whether a certificate with these names is good for `host`. RFC 9525 s6.3."""
    host = host.removeprefix("[").removesuffix("]")
    _, dot, parent = host.partition(".")
    return host in names or (bool(dot) and f"*.{parent}" in names)


class Redirect(asyncio.Protocol):
    """One connection of the plain listener.

    Args:
        names: answers the certificate's names now; they change when it is replaced.
        port: where HTTPS listens.
        open_now: the connections of this worker, shared by all, to bound their number.
    """

    def __init__(
        self, names: Callable[[], frozenset[str]], port: int, open_now: set[Redirect]
    ) -> None:
        self._names = names
        self._port = port
        self._open_now = open_now
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the timer, or close at once when too many are open."""
        self._transport = cast("asyncio.Transport", transport)
        if len(self._open_now) >= MAX_CONNECTIONS:
            self._transport.abort()
            return
        self._open_now.add(self)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(HEAD_TIMEOUT_SECONDS, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Collect the head, at most `MAX_HEAD_BYTES`; what follows it is dropped."""
        if self._transport is None or self._transport.is_closing():
            return
        start = max(0, len(self._head) - 3)  # search each byte once: no quadratic head
        self._head += data[: MAX_HEAD_BYTES + 1]
        end = self._head.find(b"\r\n\r\n", start)
        if 0 <= end <= MAX_HEAD_BYTES - 4:
            self._finish(answer(bytes(self._head[: end + 4]), self._names(), self._port))
        elif len(self._head) > MAX_HEAD_BYTES:
            self._finish(_TOO_LARGE)

    def eof_received(self) -> bool:
        """A client that stops before its head is complete gets nothing."""
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget the connection."""
        self._open_now.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def _finish(self, response: bytes) -> None:
        # The timer stays: it ends a client that never reads its answer.
        assert self._transport is not None
        self._transport.write(response)
        self._transport.close()
