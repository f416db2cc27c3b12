"""Message bodies off the wire: a fixed length, or chunks whose framing is bounded like the rest.

Sans-io. A decoder is given bytes and answers payload and where it stopped; it never looks past the
end of its message, so what follows (a pipelined request, or a smuggled one) stays where it was.
Trailer fields are checked and dropped: httptools hands them over like header fields
(notes/edge.md 0.3). RFC 9112 s6, s7.1.
"""

from __future__ import annotations

import re

from yett.problems import MALFORMED_REQUEST, Problem
from yett.wire.fields import FIELD_BLOCK

MAX_CHUNK_LINE_BYTES = 1024
MAX_TRAILER_BYTES = 8 * 1024
# Framing may cost as much as it carries and this much more; 1-byte chunks of a small form fit.
MAX_OVERHEAD_BYTES = 16 * 1024

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?")
_FORBIDDEN_TRAILERS = frozenset(
    b"authorization content-length cookie host transfer-encoding".split()
)

Taken = tuple[bytes, int]


class FixedBody:
    """A body of `length` bytes."""

    __slots__ = ("done", "left")

    def __init__(self, length: int) -> None:
        self.left = length
        self.done = length == 0

    def take(self, data: bytes, at: int) -> Taken | Problem:
        """Take payload from `data[at:]`: answers it and the place after it."""
        end = at + self.left
        if end >= len(data):
            piece = data[at:] if at else data
            self.left -= len(piece)
            self.done = not self.left
            return piece, len(data)
        self.left, self.done = 0, True
        return data[at:end], end


class OpenBody:
    """A body that ends with the connection; only a response may have one."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = False

    def take(self, data: bytes, at: int) -> Taken | Problem:
        """Take all."""
        return data[at:], len(data)


class ChunkedBody:
    """A chunked body; `done` once the empty line after the trailer section was seen."""

    __slots__ = ("_carried", "_left", "_line", "_overhead", "_state", "_trailer", "done")

    def __init__(self) -> None:
        self.done = False
        self._line = b""  # a line that has not ended yet
        self._state = _SIZE_LINE
        self._left = 0
        self._overhead = 0
        self._carried = 0
        self._trailer = b""

    def take(self, data: bytes, at: int) -> Taken | Problem:
        """Take payload from `data[at:]`: answers it, decoded, and the place where it stopped."""
        pieces: list[bytes] = []
        while at < len(data) and not self.done:
            if self._state == _DATA:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._carried += len(piece)
                if not self._left:
                    self._state = _DATA_END
                continue
            line, at = self._take_line(data, at)
            if self._overhead > MAX_OVERHEAD_BYTES + self._carried or len(self._line) > _LONGEST:
                return _malformed("the chunked framing costs too much")
            if line is None:
                if b"\n" in self._line:
                    return _malformed("a chunk line must end in CRLF")
                break
            problem = self._read_line(line)
            if problem is not None:
                return problem
        return b"".join(pieces) if len(pieces) != 1 else pieces[0], at

    def _take_line(self, data: bytes, at: int) -> tuple[bytes | None, int]:
        """Take one line; None while its CRLF has not come. Both ends may lie in other reads."""
        if self._line.endswith(b"\r") and data[at] == 10:
            line, end = self._line[:-1], at + 1
        else:
            found = data.find(b"\r\n", at)
            if found < 0:
                self._line += data[at : at + _LONGEST + 1]
                self._overhead += len(data) - at
                return None, len(data)
            line, end = self._line + data[at:found], found + 2
        self._line = b""
        self._overhead += end - at
        return line, end

    def _read_line(self, line: bytes) -> Problem | None:
        if self._state == _SIZE_LINE:
            match = _SIZE.fullmatch(line)
            if match is None or len(line) > MAX_CHUNK_LINE_BYTES:
                return _malformed("a chunk size is malformed")
            self._left = int(match[1], 16)
            self._state = _DATA if self._left else _TRAILER
        elif self._state == _DATA_END:
            if line:
                return _malformed("a chunk is longer than its size")
            self._state = _SIZE_LINE
        elif not line:
            self.done = True
        else:
            return self._read_trailer(line)
        return None

    def _read_trailer(self, line: bytes) -> Problem | None:
        self._trailer += line
        if len(self._trailer) > MAX_TRAILER_BYTES or not FIELD_BLOCK.fullmatch(line + b"\r\n"):
            return _malformed("the trailer section is malformed")
        name = line.partition(b":")[0].lower().replace(b"_", b"-")
        if name in _FORBIDDEN_TRAILERS:
            return _malformed("a trailer field changes the meaning of the message")
        return None


Body = FixedBody | ChunkedBody | OpenBody

_SIZE_LINE, _DATA, _DATA_END, _TRAILER = range(4)
_LONGEST = MAX_TRAILER_BYTES


def body_for(length: int | None) -> FixedBody | ChunkedBody:
    """Return the decoder for a declared length, None for chunked."""
    return ChunkedBody() if length is None else FixedBody(length)


def _malformed(detail: str) -> Problem:
    return MALFORMED_REQUEST(detail, close=True)
