"""A spool's connection to the recorder: sends frames, keeps them until acknowledged, reconnects.

A raw non-blocking unix socket on the event loop's readiness callbacks: connecting needs no await,
so there is no task and no future here. After a reconnect everything unacknowledged is sent again,
in order; the recorder knows what it has. Never looks into a frame.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path

from yett.records.door import peer_uid
from yett.records.frames import decode_acks

RECONNECT_SECONDS = 0.1


class Link:
    """One worker's line to the recorder.

    Args:
        path: the recorder's unix socket.
        acknowledged: called with the last sequence that is on the disk.
    """

    def __init__(self, path: Path, acknowledged: Callable[[int], None]) -> None:
        self.held_bytes = 0
        self._path = os.fspath(path)
        self._acknowledged = acknowledged
        self._unsent: deque[tuple[int, bytes]] = deque()
        self._sent: deque[tuple[int, bytes]] = deque()
        self._rest = memoryview(b"")
        self._highest = 0
        self._acks = bytearray()
        self._socket: socket.socket | None = None
        self._blocked = False
        self._retry: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def connected(self) -> bool:
        """Whether there is a connection at the moment."""
        return self._socket is not None

    def send(self, last: int, frame: bytes) -> None:
        """Queue a frame whose last sequence is `last`; it goes out as the socket allows."""
        self._unsent.append((last, frame))
        self.held_bytes += len(frame)

    def pump(self) -> None:
        """Connect if need be, and send until the socket takes no more."""
        if self._socket is None:
            if self._retry is None and not self._closed:
                self._connect()
            return
        if not self._blocked:
            self._write()

    def close(self) -> None:
        """Drop the connection; what is unacknowledged stays unacknowledged."""
        self._closed = True
        if self._retry is not None:
            self._retry.cancel()
        self._disconnect()

    def _connect(self) -> None:
        self._retry = None
        if self._closed:
            return
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(self._path)
            # Events go to our own recorder only, not to whoever took its place.
            if peer_uid(connection) != os.geteuid():
                raise PermissionError
        except OSError:
            connection.close()
            self._later()
            return
        self._socket = connection
        asyncio.get_running_loop().add_reader(connection, self._read)
        self._write()

    def _later(self) -> None:
        if not self._closed and self._retry is None:
            loop = asyncio.get_running_loop()
            self._retry = loop.call_later(RECONNECT_SECONDS, self._connect)

    def _write(self) -> None:
        connection = self._socket
        assert connection is not None
        try:
            while self._rest or self._unsent:
                if not self._rest:
                    frame = self._unsent.popleft()
                    self._sent.append(frame)
                    self._highest = frame[0]
                    self._rest = memoryview(frame[1])
                self._rest = self._rest[connection.send(self._rest) :]
        except (BlockingIOError, InterruptedError):
            self._watch(connection)
            return
        except OSError:
            self._lost()
            return
        if self._blocked:
            self._blocked = False
            asyncio.get_running_loop().remove_writer(connection)

    def _watch(self, connection: socket.socket) -> None:
        if not self._blocked:
            self._blocked = True
            asyncio.get_running_loop().add_writer(connection, self._write)

    def _read(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(4096)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        self._acks += data
        sequence = decode_acks(self._acks)
        if sequence:
            self._settle(sequence)

    def _settle(self, sequence: int) -> None:
        """Let go of what is on the disk; an acknowledgement of what was never sent is garbage."""
        if sequence > self._highest:
            self._lost()
            return
        while self._sent and self._sent[0][0] <= sequence:
            self.held_bytes -= len(self._sent.popleft()[1])
        self._acknowledged(sequence)

    def _lost(self) -> None:
        self._disconnect()
        self._later()

    def _disconnect(self) -> None:
        """Forget the connection; all that was sent on it counts as not sent."""
        connection, self._socket = self._socket, None
        if connection is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(connection)
            if self._blocked:
                loop.remove_writer(connection)
            connection.close()
        self._blocked = False
        self._unsent.extendleft(reversed(self._sent))
        self._sent.clear()
        self._rest = memoryview(b"")
        self._acks.clear()
