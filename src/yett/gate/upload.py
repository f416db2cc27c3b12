"""A request body: collected for the rules that read it, or streamed where none does.

Capped in bytes and bounded in time twice, in total and by a least rate, so that a body cannot be
dribbled (slow POST). `100 Continue` is said here, when somebody really wants the body: everything
that the head alone refuses has been refused (RFC 9110 s10.1.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.problems import BODY_TOO_LARGE, Problem
from yett.wire import serialize
from yett.wire.body import body_for

if TYPE_CHECKING:
    from yett.gate.call import Call
    from yett.gate.settings import Settings

RATE_GRACE_SECONDS = 5.0
# The least rate is an average: 100 MB sent at once would buy 55 hours of silence at 512 B/s.
STALL_SECONDS = 30.0


class Upload:
    """Reads one body.

    Args:
        call: the request.
        limit: most bytes.
        streaming: pass pieces on instead of keeping them.
    """

    __slots__ = ("_began", "_call", "_decoder", "_limit", "_pieces", "_streaming")

    def __init__(self, call: Call, limit: int, *, streaming: bool) -> None:
        self._call = call
        self._limit = limit
        self._streaming = streaming
        self._pieces: list[bytes] = []
        self._decoder = body_for(call.head.fields.length)
        self._began = call.connection.gate.clock.now

    def begin(self) -> None:
        """Start to read; what came with the head is taken at once."""
        call = self._call
        connection = call.connection
        length = call.head.fields.length
        if length is not None and length > self._limit:
            call.upload_refused(BODY_TOO_LARGE())
            return
        call.body = self._decoder
        reader = connection.reader
        waits = call.head.fields.expects and call.head.minor == 1 and reader.at == len(reader.data)
        if waits and connection.transport is not None:
            connection.transport.write(serialize.CONTINUE)
        self.receive()

    def receive(self) -> None:
        """Take what the reader holds."""
        call = self._call
        reader = call.connection.reader
        taken = self._decoder.take(reader.data, reader.at)
        if isinstance(taken, Problem):
            call.upload_refused(taken)
            return
        piece, reader.at = taken
        call.received += len(piece)
        if call.received > self._limit:
            call.upload_refused(BODY_TOO_LARGE(close=True))
            return
        done = self._decoder.done
        if self._streaming:
            self._pass_on(piece, done=done)
            return
        if not done:
            self._pieces.append(piece)
            self.bound()
            return
        call.upload_done(b"".join((*self._pieces, piece)) if self._pieces else piece)

    def _pass_on(self, piece: bytes, *, done: bool) -> None:
        call = self._call
        if piece and call.head.fields.length is None:
            piece = serialize.chunk(piece)
        if done and call.head.fields.length is None:
            piece += serialize.LAST_CHUNK
        if done:
            call.more = False
        else:
            self.bound()
        if piece and call.link is not None:
            call.link.send(piece)
        if done:
            call.upload_done(b"")

    def bound(self) -> None:
        """Give the next piece its time: by the least rate, and in total unless it is a stream."""
        call = self._call
        connection = call.connection
        connection.deadline = body_deadline(
            call.current.settings,
            self._began,
            connection.gate.clock.now,
            call.received,
            streaming=self._streaming,
        )


def body_deadline(
    settings: Settings, began: float, now: float, received: int, *, streaming: bool
) -> float:
    """Return when the next piece of a body must be there; times on one clock, in seconds."""
    allowed = RATE_GRACE_SECONDS + received / settings.body_rate
    if not streaming:
        allowed = min(allowed, settings.body_timeout)
    return min(began + allowed, now + STALL_SECONDS)
