"""A WebSocket under way: opaque bytes both ways, held back both ways.

Silence ends it, and so does the end of the credential that was checked at the handshake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.wire import serialize

if TYPE_CHECKING:
    from yett.gate.relay import Relay
    from yett.gate.standing import Standing
    from yett.wire.response import ResponseHead

_SWITCHED = b"connection: upgrade\r\nupgrade: websocket\r\n"


class Tunnel:
    """Pipes between one client connection and one upstream link.

    Args:
        relay: the request that became this.
        head: the service's 101.
        standing: what lets it go on.
    """

    __slots__ = ("_relay", "_standing")

    def __init__(self, relay: Relay, head: ResponseHead, standing: Standing) -> None:
        self._relay, self._standing = relay, standing
        transport = relay.connection.transport
        relay.status = head.status
        if transport is not None:
            transport.write(b"%b%b%b\r\n" % (serialize.status_line(101), head.block, _SWITCHED))

    def from_client(self, data: bytes) -> None:
        """Pipe towards the service."""
        relay = self._relay
        relay.received += len(data)
        if relay.link is not None:
            relay.link.send(data)
        self._standing.stay()

    def from_upstream(self, data: bytes) -> None:
        """Pipe towards the client."""
        relay = self._relay
        relay.sent += len(data)
        if relay.connection.transport is not None:
            relay.connection.transport.write(data)
        self._standing.stay()
