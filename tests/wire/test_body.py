"""Body decoders: exact ends, bounded framing, every cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.problems import Problem
from yett.wire.body import ChunkedBody, FixedBody, OpenBody, body_for


def run(body, pieces):
    """Decode pieces: payload, what was left over, done."""
    payload = b""
    for place, piece in enumerate(pieces):
        taken = body.take(piece, 0)
        if isinstance(taken, Problem):
            return taken
        more, at = taken
        payload += more
        if body.done:
            return payload, piece[at:] + b"".join(pieces[place + 1 :]), True
    return payload, b"", False


@given(st.lists(st.binary(min_size=1, max_size=30)), st.binary(max_size=9), st.integers(1, 7))
def test_chunks_come_back_whole(parts, extra, step):
    """Whatever the cuts, the payload is the same and nothing behind the end is touched."""
    raw = b"".join(b"%x;e=1\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\nX: y\r\n\r\n" + extra
    for pieces in ([raw], [raw[i : i + step] for i in range(0, len(raw), step)]):
        assert run(ChunkedBody(), pieces) == (b"".join(parts), extra, True)


@given(st.binary(max_size=40), st.integers(0, 50), st.integers(1, 7))
def test_a_fixed_body_ends_where_it_says(raw, length, step):
    """Never a byte more, never done before."""
    whole = run(FixedBody(length), [raw])
    if length == 0:
        assert FixedBody(0).done
    elif len(raw) < length:
        assert whole == (raw, b"", False)
    else:
        assert whole == (raw[:length], raw[length:], True)
        assert (
            run(FixedBody(length), [raw[i : i + step] for i in range(0, len(raw), step)]) == whole
        )


@given(st.binary(max_size=60), st.integers(1, 5))
def test_any_bytes_as_chunks_read_the_same_in_any_cut(raw, step):
    """A refusal or a payload, but the same one whole and in pieces."""
    whole = run(ChunkedBody(), [raw])
    cut = run(ChunkedBody(), [raw[i : i + step] for i in range(0, len(raw), step)])
    if isinstance(whole, Problem):
        assert isinstance(cut, Problem)
    else:
        assert cut == whole


def test_framing_may_not_cost_more_than_it_carries():
    """Long extensions on tiny chunks are refused before they add up."""
    assert isinstance(run(ChunkedBody(), [b"1;" + b"a" * 1000 + b"\r\nx\r\n"] * 100), Problem)
    assert run(ChunkedBody(), [b"1\r\nx\r\n"] * 4000 + [b"0\r\n\r\n"])[2]


@pytest.mark.parametrize(
    "size", [b"", b"g", b"-1", b"+1", b"0x1", b"1 ", b" 1", b"1" * 9, b"1;\x00"]
)
def test_sizes_that_are_refused(size):
    """Only hexadecimal digits, at most eight, then a clean extension."""
    assert isinstance(run(ChunkedBody(), [size + b"\r\nx\r\n0\r\n\r\n"]), Problem)


def test_an_open_body_takes_all():
    """A body without framing ends with the connection."""
    body = OpenBody()
    assert body.take(b"abc", 1) == (b"bc", 3)
    assert not body.done
    assert isinstance(body_for(None), ChunkedBody)
    assert body_for(3).left == 3
