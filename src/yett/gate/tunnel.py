"""A WebSocket under way: opaque bytes both ways, held back both ways, ended by silence or expiry.

The credential was checked once, at the handshake; when it expires the tunnel ends with it.
"""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from yett.wire import serialize

if TYPE_CHECKING:
    from yett.gate.relay import Relay
    from yett.wire.response import ResponseHead

TUNNEL_IDLE_SECONDS = 300.0
_SWITCHED = b"connection: upgrade\r\nupgrade: websocket\r\n"


class Tunnel:
    """Pipes between one client connection and one upstream link.

    Args:
        relay: the request that became this.
        head: the service's 101.
    """

    __slots__ = ("_ends", "_relay")

    def __init__(self, relay: Relay, head: ResponseHead) -> None:
        self._relay = relay
        clock = relay.connection.gate.clock
        self._ends = clock.now + (relay.x.principal.expires - time())
        transport = relay.connection.transport
        relay.status = head.status
        if transport is not None:
            transport.write(b"%b%b%b\r\n" % (serialize.status_line(101), head.block, _SWITCHED))
        self._stay_alive()

    def from_client(self, data: bytes) -> None:
        """Pipe towards the service."""
        relay = self._relay
        relay.received += len(data)
        if relay.link is not None:
            relay.link.send(data)
        self._stay_alive()

    def from_upstream(self, data: bytes) -> None:
        """Pipe towards the client."""
        relay = self._relay
        relay.sent += len(data)
        if relay.connection.transport is not None:
            relay.connection.transport.write(data)
        self._stay_alive()

    def _stay_alive(self) -> None:
        connection = self._relay.connection
        connection.deadline = min(connection.gate.clock.now + TUNNEL_IDLE_SECONDS, self._ends)
