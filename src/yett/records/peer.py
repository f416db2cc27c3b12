"""One connection at the recorder: bytes in, batches out, acknowledgements back.

Bounded both ways: at most one frame and one read are held, and a peer that does not take its few
bytes of acknowledgement is let go; it will connect again and send what it holds.
"""

from __future__ import annotations

import socket

from yett.records.frames import BadFrameError, Batch, FrameReader, encode_ack

READ_BYTES = 256 * 1024
# 8,192 acknowledgements that nobody fetched.
MAX_UNSENT_BYTES = 64 * 1024


class PeerGoneError(Exception):
    """The connection is over; the message says why, empty when the peer just left."""


class Peer:
    """A connected worker.

    Args:
        connection: non-blocking socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.worker = ""
        self._frames = FrameReader()
        self._unsent = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether acknowledgements wait for the socket to take them."""
        return bool(self._unsent)

    def receive(self) -> list[Batch]:
        """Read once and return the batches that are complete.

        What came with garbage in one read is not taken either; unacknowledged, it is sent again.

        Raises:
            PeerGoneError: when the connection ended or spoke garbage.
        """
        try:
            data = self.connection.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError as error:
            raise PeerGoneError("") from error
        if not data:
            raise PeerGoneError("")
        batches = []
        try:
            for batch in self._frames.feed(data):
                self._check(batch)
                batches.append(batch)
        except BadFrameError as error:
            raise PeerGoneError(str(error)) from error
        return batches

    def _check(self, batch: Batch) -> None:
        if self.worker and batch.worker != self.worker:
            raise BadFrameError("a connection belongs to one worker")
        self.worker = batch.worker

    def acknowledge(self, sequence: int) -> None:
        """Tell the worker what is on the disk.

        Raises:
            PeerGoneError: when it left or does not listen.
        """
        self._unsent += encode_ack(sequence)
        self.send()

    def send(self) -> None:
        """Send what waits; see `acknowledge`."""
        try:
            sent = self.connection.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            raise PeerGoneError("") from error
        del self._unsent[:sent]
        if len(self._unsent) > MAX_UNSENT_BYTES:
            raise PeerGoneError("acknowledgements are not fetched")
