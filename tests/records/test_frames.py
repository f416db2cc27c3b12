from __future__ import annotations

import contextlib
import itertools
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.records.frames import (
    MAX_FRAME_BYTES,
    MAX_SEQUENCE,
    BadFrameError,
    FrameReader,
    decode_acks,
    decode_batch,
    encode_ack,
    encode_batches,
)
from yett.terms import Event


def frame(value) -> bytes:
    payload = msgspec.msgpack.encode(value)
    return struct.pack(">I", len(payload)) + payload


def plain(n=1):
    return {"time": 1.0, "request": f"r{n}"}


def test_whole_and_byte_by_byte(event):
    """Frames mean the same whole, byte by byte, and with the next one behind them."""
    stream = b"".join(
        encode_batches("w0", first, [event(first), event(first + 1)])[0][1] for first in (1, 3, 5)
    )
    whole = list(FrameReader().feed(stream))
    reader, single = FrameReader(), []
    for byte in stream:
        single += reader.feed(bytes([byte]))
    assert whole == single
    assert [(b.first, b.last) for b in whole] == [(1, 2), (3, 4), (5, 6)]


def test_large_batch_is_split_in_order():
    """A batch beyond a frame's bound becomes several, with sequences that follow on."""
    events = [Event(time=1.0, request=str(n), note="x" * 40_000) for n in range(100)]
    frames = encode_batches("w0", 1, events)
    batches = [b for _, data in frames for b in FrameReader().feed(data)]
    assert len(frames) > 1
    assert [e.request for b in batches for e in b.events] == [str(n) for n in range(100)]
    assert [last for last, _ in frames] == [b.last for b in batches]
    assert all(a.last + 1 == b.first for a, b in itertools.pairwise(batches))


def test_single_giant_event_fits():
    """One event larger than a frame is clipped, so that it never blocks those behind it."""
    [(last, data)] = encode_batches("w0", 4, [Event(time=1.0, request="r", note="x" * 3_000_000)])
    assert last == 4
    assert len(data) < MAX_FRAME_BYTES


def test_unpaired_surrogates_travel_escaped():
    """Text that is no Unicode does not stop its batch."""
    [(_, data)] = encode_batches("w0", 1, [Event(time=1.0, request="r", path="/\udcff")])
    [batch] = FrameReader().feed(data)
    assert batch.events[0].path == "/\\udcff"


@pytest.mark.parametrize(
    "value",
    [
        [2, "w0", 1, [plain()]],
        [1, "", 1, [plain()]],
        [1, "w 0", 1, [plain()]],
        [1, "w0\n", 1, [plain()]],
        [1, "w" * 65, 1, [plain()]],
        [1, "w0", 0, [plain()]],
        [1, "w0", -1, [plain()]],
        [1, "w0", MAX_SEQUENCE, [plain(), plain()]],
        [1, "w0", 1, []],
        [1, "w0", 1, [plain()] * 4097],
        [1, "w0", 1, [{"time": "now", "request": "r"}]],
        [1, "w0", 1, [{"time": 1.0}]],
        [1, "w0", 1],
        [1, "w0", 1, [plain()], 5],
        {"version": 1},
        7,
        None,
    ],
)
def test_what_is_no_batch_is_refused(value):
    """Anything but a well-formed batch ends its connection."""
    with pytest.raises(BadFrameError):
        list(FrameReader().feed(frame(value)))


@pytest.mark.parametrize("length", [0, MAX_FRAME_BYTES + 1, 0xFFFFFFFF])
def test_length_out_of_bounds(length):
    """A length that no frame has is refused before anything is held for it (CWE-789)."""
    with pytest.raises(BadFrameError):
        list(FrameReader().feed(struct.pack(">I", length)))


def test_trailing_bytes_in_a_frame():
    """A payload with something behind its batch is no batch."""
    payload = msgspec.msgpack.encode([1, "w0", 1, [plain()]])
    with pytest.raises(BadFrameError):
        decode_batch(payload + b"\xc0")


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data):
    """Any bytes are batches or a BadFrameError, never anything else."""
    reader = FrameReader()
    try:
        for start in range(0, len(data), 7):
            list(reader.feed(data[start : start + 7]))
    except BadFrameError:
        pass


@given(st.binary(min_size=1, max_size=200))
def test_no_payload_breaks_the_decoder(data):
    """Any payload is a batch or a BadFrameError; deep nesting does not exhaust the stack."""
    for payload in (data, b"\x91" * 5000 + data):
        with contextlib.suppress(BadFrameError):
            decode_batch(payload)


def test_unknown_fields_do_not_enter():
    """What an event has no field for is dropped at the door: a token cannot be smuggled in."""
    [batch] = FrameReader().feed(frame([1, "w0", 1, [{**plain(), "token": "eyJ"}]]))
    assert b"eyJ" not in msgspec.json.encode(batch.events[0])


def test_acks_whole_and_in_pieces():
    """Acknowledgements may come in any pieces; the highest counts."""
    held = bytearray(encode_ack(5) + encode_ack(9) + encode_ack(12)[:3])
    assert decode_acks(held) == 9
    held += encode_ack(12)[3:]
    assert decode_acks(held) == 12
    assert decode_acks(held) == 0
