"""Head-first request reading: nothing is parsed until the whole head is there, within its caps.

Sans-io: bytes in, a head or a refusal out. One regular expression and one split read a head; the
framing parser never meets `Upgrade`, lone CR or a second framing field (notes/edge.md 0.1, 0.2:
httptools loses the body of an upgrade and needs 75 s for a 16 MB field). See docs/adr/0002.
RFC 9112 s2, s3, s9.
"""

from __future__ import annotations

import re

from msgspec import Struct

from yett.problems import (
    HEAD_TOO_LARGE,
    MALFORMED_REQUEST,
    TARGET_TOO_LONG,
    UNSUPPORTED_EXPECTATION,
    UNSUPPORTED_VERSION,
    Problem,
)
from yett.wire.blocks import Blocks
from yett.wire.fields import Fields
from yett.wire.forwarding import Hop, Passed
from yett.wire.target import MAX_TARGET_BYTES, Target, read_target

MAX_HEAD_BYTES = 32 * 1024
MAX_LINE_BYTES = MAX_TARGET_BYTES + 64

METHOD = re.compile(r"[A-Z][A-Z-]{0,31}")
_LINE = re.compile(rb"([A-Z][A-Z-]{0,31}) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_STRAY = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|\x00")
# Decoding a method through a table costs 40 ns, through the expression above 600.
_METHODS = {
    method.encode(): method
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")
}


class RequestHead(Struct, frozen=True):
    """A request up to its body.

    Args:
        method: the method.
        target: the one reading of the target.
        fields: framing and connection options.
        passed: what goes on.
        minor: 0 for HTTP/1.0, 1 for HTTP/1.1.
        persistent: whether the client wants the connection kept (RFC 9112 s9.3).
    """

    method: str
    target: Target
    fields: Fields
    passed: Passed
    minor: int
    persistent: bool


class RequestReader:
    """The bytes of one connection: `feed` them, ask for `next_head`, take body bytes from `data`.

    `data[at:]` is what has not been used yet. The caller stops feeding while a request is under
    way (backpressure), so that it never holds more than a head and one read.
    """

    __slots__ = ("_blocks", "_hop", "_scanned", "_skipped", "at", "data")

    def __init__(self, hop: Hop, blocks: Blocks | None = None) -> None:
        self._hop = hop
        self._blocks = blocks or Blocks()
        self.data = b""
        self.at = 0
        self._scanned = 0
        self._skipped = False

    def rest(self) -> None:
        """Let go of bytes that are used up; a kept connection may hold none while it is idle."""
        if self.at == len(self.data):
            self.data = b""
            self.at = self._scanned = 0

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        if self.at == len(self.data):
            self.data, self.at, self._scanned = data, 0, 0
        else:
            self._scanned = max(0, self._scanned - self.at)
            self.data, self.at = self.data[self.at :] + data, 0

    def next_head(self) -> RequestHead | Problem | None:
        """Return the next head, why there can be none, or None while it is incomplete."""
        data = self.data
        if not self._skipped and data.startswith(b"\r\n", self.at):
            self.at += 2  # one empty line may precede a request (RFC 9112 s2.2)
            self._skipped = True
        start = self.at
        # Only new bytes are searched, so the cost stays linear however small the pieces are.
        end = data.find(b"\r\n\r\n", max(start, self._scanned - 3))
        if end < 0:
            problem = self._check_part(start)
            self._scanned = len(data)
            return problem
        if end - start > MAX_HEAD_BYTES:
            return HEAD_TOO_LARGE(close=True)
        self.at = self._scanned = end + 4
        self._skipped = False
        split = data.find(b"\r\n", start)
        return self._read(data[start:split], data[split + 2 : end + 2])

    def _check_part(self, start: int) -> Problem | None:
        """Refuse what can no longer become a head at once, instead of waiting for more of it."""
        data, held = self.data, len(self.data) - start
        if not held or (held == 1 and data[start] == 13 and not self._skipped):
            return None
        if not 65 <= data[start] <= 90:
            return MALFORMED_REQUEST("a request must start with a method", close=True)
        if held > MAX_HEAD_BYTES:
            return HEAD_TOO_LARGE(close=True)
        if held > MAX_LINE_BYTES and data.find(b"\r\n", start, start + MAX_LINE_BYTES) < 0:
            return TARGET_TOO_LONG(close=True)
        if _STRAY.search(data, max(start, self._scanned - 1)) is not None:
            return MALFORMED_REQUEST("a line must end in CRLF", close=True)
        return None

    def _read(self, line: bytes, block: bytes) -> RequestHead | Problem:
        read = read_line(line)
        if isinstance(read, Problem):
            return read
        method, raw, minor = read
        found = self._blocks.read(block, self._hop)
        if isinstance(found, Problem):
            return found
        fields, passed = found
        target = read_target(raw, fields.authority)
        if isinstance(target, Problem):
            return target
        problem = check_version(fields, minor)
        if problem is not None:
            return problem
        persistent = b"close" not in fields.named and (minor == 1 or b"keep-alive" in fields.named)
        return RequestHead(method, target, fields, passed, minor, persistent)


def read_line(line: bytes) -> tuple[str, bytes, int] | Problem:
    """Read a request line: method, raw target, minor version."""
    parts = line.split(b" ")
    if len(parts) == 3 and parts[2] == b"HTTP/1.1":
        method = _METHODS.get(parts[0])
        if method is not None:
            return method, parts[1], 1
    match = _LINE.fullmatch(line)
    if match is None:
        if len(line) > MAX_LINE_BYTES:
            return TARGET_TOO_LONG(close=True)
        return MALFORMED_REQUEST("the request line is malformed", close=True)
    if match[3] != b"1" or match[4] not in {b"0", b"1"}:
        return UNSUPPORTED_VERSION(close=True)
    if match[1] == b"CONNECT":
        return MALFORMED_REQUEST("the gate is not a tunnel", close=True)
    return match[1].decode("ascii"), match[2], int(match[4])


def check_version(fields: Fields, minor: int) -> Problem | None:
    """Check what a version of the protocol does not know (RFC 9112 s6.1, RFC 9110 s10.1.1)."""
    if minor == 0 and fields.length is None:
        # HTTP/1.0 knows no transfer coding: an older hop would see the chunks as requests.
        return MALFORMED_REQUEST("HTTP/1.0 has no `transfer-encoding`", close=True)
    if not fields.expects and b"expect" in fields.headers:
        return UNSUPPORTED_EXPECTATION(close=True)
    return None
