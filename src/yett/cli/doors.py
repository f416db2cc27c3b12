"""The doors of one worker: plain or TLS, a second one for certified clients, and the redirect.

All of them lead to the same gate, and the TLS doors count the handshakes of a source together.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from yett.gate.edge import Gate
from yett.gate.sources import Sources
from yett.wire.forwarding import is_trusted
from yett.wire.handshakes import TlsDoor
from yett.wire.redirect import Redirect
from yett.wire.tls import Tls

Door = asyncio.Server | TlsDoor


class Sockets(Struct, frozen=True):
    """The listening sockets of one worker slot; `redirect` and `mutual` only beside TLS."""

    gate: socket.socket
    redirect: socket.socket | None = None
    mutual: socket.socket | None = None

    def all(self) -> tuple[socket.socket, ...]:
        """Those that there are."""
        every = (self.gate, self.redirect, self.mutual)
        return tuple(one for one in every if one is not None)


async def open_doors(sockets: Sockets, gate: Gate, tls: Tls | None, https_port: int) -> list[Door]:
    """Begin to accept.

    Args:
        sockets: bound and listening.
        gate: whose protocol serves them.
        tls: the contexts, None for plain HTTP.
        https_port: where the redirect leads to.
    """
    loop = asyncio.get_running_loop()
    if tls is None:
        return [await loop.create_server(gate.protocol, sock=sockets.gate)]
    doors: list[Door] = [*_tls_doors(sockets, gate, tls)]
    if sockets.redirect is not None:
        open_now = set[Redirect]()
        doors.append(
            await loop.create_server(
                lambda: Redirect(lambda: tls.leaf.names, https_port, open_now),
                sock=sockets.redirect,
            )
        )
    return doors


def take_refused(doors: list[Door]) -> Counter[str]:
    """Take out why client certificates were refused since the last time, counted."""
    found: Counter[str] = Counter()
    for door in doors:
        if isinstance(door, TlsDoor):
            found += door.refused
            door.refused.clear()
    return found


def _tls_doors(sockets: Sockets, gate: Gate, tls: Tls) -> Iterator[TlsDoor]:
    handshakes = Sources()

    def trusted(source: str) -> bool:
        return is_trusted(source, gate.current.settings.trusted)

    yield TlsDoor(sockets.gate, gate.protocol, tls.context, handshakes, trusted)
    if sockets.mutual is not None and tls.mutual is not None:
        yield TlsDoor(sockets.mutual, gate.protocol, tls.mutual, handshakes, trusted)
