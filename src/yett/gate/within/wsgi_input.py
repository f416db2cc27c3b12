"""A request's body from a WSGI server: read whole for the engine, or bounded as it streams by.

The same byte limits, least rate and times as at the edge, as far as a thread that reads can tell:
between two reads, not within one (the server's own timeout is for that). PEP 3333.
"""

from __future__ import annotations

import io
import time
from typing import Any

from yett.gate.upload import body_deadline
from yett.gate.within.visit import Visit
from yett.problems import BODY_TOO_LARGE, MALFORMED_REQUEST, REQUEST_TIMEOUT, Problem

PIECE_BYTES = 64 * 1024


class ClientLeftError(OSError):
    """The client is gone before its request was whole."""


class RefusedError(OSError):
    """The body cannot be passed on any further."""


class Body(io.RawIOBase):
    """The body of one request, as a raw file for the application too.

    Args:
        visit: the request.
        environ: as the server made it.

    Attributes:
        refused: why the body cannot be passed on any further.
    """

    def __init__(self, visit: Visit, environ: dict[str, Any]) -> None:
        super().__init__()
        self._visit = visit
        source = environ["wsgi.input"]
        self._read = getattr(source, "read1", None) or source.read
        self._ends = bool(environ.get("wsgi.input_terminated"))
        self._began = 0.0
        self._done = visit.x.request.length == 0
        self.refused: Problem | None = None

    def collect(self, limit: int) -> bytes | Problem:
        """Read the whole body.

        Raises:
            ClientLeftError: it is gone.
        """
        visit = self._visit
        visit.reading = True
        length = visit.x.request.length
        if length is not None and length > limit:
            return BODY_TOO_LARGE()
        pieces = []
        while not self._done:
            piece = self._next(PIECE_BYTES, limit, streaming=False)
            if isinstance(piece, Problem):
                return piece
            pieces.append(piece)
        visit.read = True
        return b"".join(pieces)

    def readable(self) -> bool:
        """Say that this file can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Hand the application the next piece.

        Raises:
            RefusedError: the body is too large or too slow.
            ClientLeftError: the client is gone.
        """
        if self.refused is not None:
            raise RefusedError(self.refused.code)
        if self._done:
            return 0
        view = memoryview(buffer).cast("B")
        assert self._visit.x.plan is not None
        piece = self._next(len(view), self._visit.x.plan.operation.max_body, streaming=True)
        if isinstance(piece, Problem):
            self.refused = piece
            raise RefusedError(piece.code)
        view[: len(piece)] = piece
        return len(piece)

    def _next(self, most: int, limit: int, *, streaming: bool) -> bytes | Problem:
        visit = self._visit
        length = visit.x.request.length
        if length is None and not self._ends:
            return MALFORMED_REQUEST("this server does not say where a chunked body ends")
        now = time.monotonic()
        self._began = self._began or now
        settings = visit.current.settings
        until = body_deadline(settings, self._began, now, visit.received, streaming=streaming)
        left = most if length is None else min(most, length - visit.received)
        piece: bytes = self._read(left)
        if time.monotonic() > until:
            return REQUEST_TIMEOUT(close=True)
        visit.received += len(piece)
        if not piece and length is not None:
            raise ClientLeftError
        if visit.received > limit:
            return BODY_TOO_LARGE(close=True)
        self._done = not piece or visit.received == length
        return piece
