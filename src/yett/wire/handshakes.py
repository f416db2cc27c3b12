"""The TLS door: accepts, and holds each source to a bounded number of unfinished handshakes.

A connection reaches its protocol, and the protocol's own caps, only after the handshake; a client
that connects and says nothing would hold a descriptor and a 256 KiB buffer of uvloop for each of
its connections until the timer fires (CWE-770). Reads nothing itself.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from yett.wire.tasks import spawn
from yett.wire.tls import HANDSHAKE_TIMEOUT_SECONDS

# An honest handshake lasts a round trip or two: 64 at a time are over 300 a second from one
# address 100 ms away. Stalled ones leave after the timeout, so one source holds 64 descriptors.
MAX_HANDSHAKES_PER_SOURCE = 64
ACCEPTS_PER_TURN = 64
# Out of descriptors: what waits in the backlog is looked at again after this.
PAUSE_SECONDS = 0.1


class Counts(Protocol):
    """Counts by source; see gate/sources.py."""

    def enter(self, address: str, most: int) -> bool:
        """Count one more; False when `most` are counted."""

    def leave(self, address: str) -> None:
        """Count one fewer."""


class TlsDoor:
    """One listening socket behind which TLS is spoken.

    Args:
        listening: the bound, non-blocking socket.
        protocol: makes the protocol of a connection whose handshake is done.
        context: the TLS context.
        counts: counts the unfinished handshakes of each source.
        exempt: whether a source is not counted: a trusted proxy brings everybody's connections.

    Attributes:
        refused: client certificates that were not accepted, by OpenSSL's reason; whoever tells of
            them takes them out.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        counts: Counts,
        exempt: Callable[[str], bool],
    ) -> None:
        self._exempt = exempt
        self._listening = listening
        self._protocol = protocol
        self._context = context
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self.refused: Counter[str] = Counter()
        self._open = True
        self._resume()

    def close(self) -> None:
        """Accept no more; handshakes under way go on."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._listening)
            self._listening.close()

    def _resume(self) -> None:
        if self._open:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            try:
                connection, address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                self._loop.remove_reader(self._listening)
                self._loop.call_later(PAUSE_SECONDS, self._resume)
                return
            source = str(address[0])
            most = sys.maxsize if self._exempt(source) else MAX_HANDSHAKES_PER_SOURCE
            if self._counts.enter(source, most):
                connection.setblocking(False)
                spawn(self._shake(connection, source), "handshake")
            else:
                connection.close()

    async def _shake(self, connection: socket.socket, source: str) -> None:
        try:
            await self._loop.connect_accepted_socket(
                self._protocol,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_SECONDS,
            )
        except ssl.SSLCertVerificationError as error:
            self.refused[error.verify_message] += 1
            connection.close()
        except OSError:  # SSLError and TimeoutError are OSErrors: the peer's affair, not news
            connection.close()
        finally:
            self._counts.leave(source)
