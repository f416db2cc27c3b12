"""The ledger's lines: exact bytes in, exact bytes out, and the hash that links them.

A line is compact JSON that ends in its own link: `h` is SHA-256 over the previous link (32 bytes)
and every byte of the line before `,"h":"`. Nothing is ever re-serialised to be checked, so there is
no canonical-JSON question. Pure: no file, no clock. Format: docs/spec/ledger.md s3-4.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import Struct

from yett.terms import Event

FORMAT = "yett-ledger/1"
GENESIS = bytes(32)
# A C2SP tlog-tiles entry bundle gives an entry 65,535 bytes (c2sp.org/tlog-tiles); we stay below.
MAX_LINE_BYTES = 60 * 1024
# What a header may hold: MAX_WORKERS names of at most 96 bytes with their sequence.
MAX_HEADER_BYTES = 1024 * 1024

_LINK = b',"h":"'
_TAIL_BYTES = len(_LINK) + 64 + len(b'"}')


class Header(Struct, frozen=True, kw_only=True):
    """The first line of a segment.

    Args:
        ledger: the format, `yett-ledger/1`.
        id: random name of this ledger, the same in all its segments.
        first: index of the first record of this segment.
        time: unix seconds when the segment was begun.
        p: link of the line before it (the last record of the segment before), hex.
        workers: last sequence written for each worker, to recognise what is sent twice.
    """

    ledger: str
    id: str
    first: int
    time: float
    p: str
    workers: dict[str, int]
    h: str = ""


class Record(Struct, frozen=True):
    """A record: its index, the worker and sequence that sent it, the event, the link."""

    i: int
    w: str
    s: int
    e: Event
    h: str


_encode = msgspec.json.Encoder().encode
_header = msgspec.json.Decoder(Header)
_record = msgspec.json.Decoder(Record)


def link(previous: bytes, body: bytes) -> bytes:
    """Return the link (32 bytes) of a body that follows `previous`."""
    return hashlib.sha256(previous + body).digest()


def seal(previous: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Close a body (JSON without its last brace) with its link; return the link and the line."""
    digest = hashlib.sha256(previous + body)
    return digest.digest(), b'%b,"h":"%b"}\n' % (body, digest.hexdigest().encode())


def unseal(line: bytes) -> tuple[bytes, bytes] | None:
    """Split a line without its line feed into body and link; None when it is not such a line."""
    if len(line) < _TAIL_BYTES or line[-2:] != b'"}':
        return None
    cut = len(line) - _TAIL_BYTES
    if line[cut : cut + len(_LINK)] != _LINK:
        return None
    stated = line[-66:-2]
    try:
        digest = bytes.fromhex(stated.decode("ascii"))
    except ValueError:
        return None
    # One spelling only: upper-case hex or spaces inside would be a second form of the same record.
    return (line[:cut], digest) if digest.hex().encode() == stated else None


def record_body(index: int, worker: bytes, sequence: int, event: bytes) -> bytes:
    """Build the body of a record from the event's JSON."""
    return b'{"i":%d,"w":"%b","s":%d,"e":%b' % (index, worker, sequence, event)


def header_line(header: Header) -> tuple[bytes, bytes]:
    """Build a header's line; return its link and the line."""
    fields: dict[str, Any] = msgspec.structs.asdict(header)
    del fields["h"]
    return seal(bytes.fromhex(header.p), _encode(fields)[:-1])


def read_header(line: bytes) -> Header | None:
    """Read a header's line, None when it is not one."""
    try:
        header = _header.decode(line)
        valid = len(bytes.fromhex(header.p)) == len(GENESIS)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        return None
    return header if valid and header.ledger == FORMAT else None


def read_record(line: bytes) -> Record | None:
    """Read a record's line, None when it is not one."""
    try:
        return _record.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        return None
