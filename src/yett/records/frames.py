"""Frames between a worker's spool and the recorder.

Worker to recorder: 4 bytes length (big-endian), then a MessagePack `Batch`. Recorder to worker: 8
bytes, the last sequence that is on the disk. Both directions are bounded; whatever is not exactly
this is garbage, and garbage ends its connection. Pure: bytes in, values out. Spec: ledger.md s7.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from yett.records.encode import MAX_EVENT_BYTES, cleaned, clipped
from yett.terms import Event

VERSION = 1
MAX_FRAME_BYTES = 1024 * 1024
MAX_FRAME_EVENTS = 4096
# Largest integer that every JSON reader holds exactly (RFC 8259 s6); 2^53 events at 100 k/s last
# 2,800 years.
MAX_SEQUENCE = (1 << 53) - 1
ACK_BYTES = 8

_LENGTH = struct.Struct(">I")
_ACK = struct.Struct(">Q")
_WORKER = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class Batch(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Events of one worker in order.

    Args:
        version: of this framing.
        worker: who sends, with its boot: a restarted worker counts from 1 under a new name.
        first: sequence of the first event, from 1; the others follow without a gap.
        events: at least one.
    """

    version: int
    worker: str
    first: int
    events: list[Event]

    @property
    def last(self) -> int:
        """Sequence of the last event."""
        return self.first + len(self.events) - 1


class BadFrameError(ValueError):
    """The peer does not speak this framing; its connection cannot be trusted any further."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Batch).decode


def named(worker: str) -> bool:
    """Whether a worker's name is one: 1 to 64 letters, digits, `.`, `_` or `-`."""
    return _WORKER.match(worker) is not None


def encode_batches(worker: str, first: int, events: list[Event]) -> list[tuple[int, bytes]]:
    """Encode events as frames: mostly one, more where they are large.

    Returns:
        The last sequence and the bytes of each frame.
    """
    try:
        payload = _encode(Batch(VERSION, worker, first, events))
    except UnicodeEncodeError:
        payload = _encode(Batch(VERSION, worker, first, [cleaned(e) for e in events]))
    if len(payload) <= MAX_FRAME_BYTES and len(events) <= MAX_FRAME_EVENTS:
        return [(first + len(events) - 1, _LENGTH.pack(len(payload)) + payload)]
    if len(events) == 1:
        return encode_batches(worker, first, [clipped(events[0])])
    half = len(events) // 2
    return [
        *encode_batches(worker, first, events[:half]),
        *encode_batches(worker, first + half, events[half:]),
    ]


def decode_batch(payload: bytes | memoryview) -> Batch:
    """Decode the payload of a frame.

    Raises:
        BadFrameError: when it is anything but a well-formed batch.
    """
    try:
        batch = _decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadFrameError("not a batch") from error
    if batch.version != VERSION:
        raise BadFrameError(f"version {batch.version} of the framing is not spoken here")
    if not named(batch.worker):
        raise BadFrameError("a worker's name is letters, digits, `.`, `_` and `-`")
    if not 1 <= len(batch.events) <= MAX_FRAME_EVENTS:
        raise BadFrameError("a batch holds 1 to 4096 events")
    if not 1 <= batch.first <= batch.last <= MAX_SEQUENCE:
        raise BadFrameError("a sequence runs from 1 to 2^53-1")
    return batch


class FrameReader:
    """Cuts a stream into batches, holding at most one frame and one read."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Batch]:
        """Take bytes as they come and give the batches they complete.

        Raises:
            BadFrameError: at the first byte that cannot belong to a frame.
        """
        held = self._held
        held += data
        at = 0
        try:
            while len(held) - at >= _LENGTH.size:
                (length,) = _LENGTH.unpack_from(held, at)
                if not 1 <= length <= MAX_FRAME_BYTES:
                    raise BadFrameError("a frame is 1 byte to 1 MiB")
                end = at + _LENGTH.size + length
                if len(held) < end:
                    return
                payload = bytes(held[at + _LENGTH.size : end])
                at = end
                yield decode_batch(payload)
        finally:
            del held[:at]


def encode_ack(sequence: int) -> bytes:
    """Encode the last durable sequence of a worker."""
    return _ACK.pack(sequence)


def decode_acks(held: bytearray) -> int:
    """Take whole acknowledgements off the front; return the highest sequence, 0 for none."""
    whole = len(held) // ACK_BYTES * ACK_BYTES
    best = max((one for (one,) in _ACK.iter_unpack(held[:whole])), default=0)
    del held[:whole]
    return best


assert MAX_EVENT_BYTES * 8 < MAX_FRAME_BYTES  # a clipped event always fits in a frame
