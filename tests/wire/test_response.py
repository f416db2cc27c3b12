"""Upstream heads: strict framing, what goes on, what ends here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors.http1.responses import BROKEN

from yett.wire.body import ChunkedBody, FixedBody, OpenBody
from yett.wire.response import ResponseHead, ResponseReader

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: a\r\nServer: s\r\nCache-Control: b\r\nContent-Length: 3"


def read(raw):
    return ResponseReader(frozenset({b"server"})).read(raw)


def test_a_head_is_split():
    """Relayed lines keep their spelling; framing, caching and dropped fields are apart."""
    found = read(HEAD)
    assert found.block == b"Content-Type: a\r\n"
    assert found.caching == b"Cache-Control: b\r\n"
    assert (found.status, found.length, found.chunked, found.persistent) == (200, 3, False, True)


def test_persistence():
    """HTTP/1.1 persists unless closed, HTTP/1.0 only if it says so."""
    assert not read(HEAD + b"\r\nConnection: X, Close").persistent
    assert not read(HEAD.replace(b"1.1", b"1.0")).persistent
    assert read(HEAD.replace(b"1.1", b"1.0") + b"\r\nConnection: keep-alive").persistent


def test_bodies():
    """The decoder follows status, framing and method (RFC 9112 s6.3)."""
    assert isinstance(read(HEAD).body(bodiless=False), FixedBody)
    assert read(HEAD).body(bodiless=True).done
    assert read(HEAD.replace(b"200", b"204")).body(bodiless=False).done
    assert read(HEAD.replace(b"200", b"304")).body(bodiless=False).done
    assert isinstance(read(b"HTTP/1.1 200 OK").body(bodiless=False), OpenBody)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED"
    assert isinstance(read(chunked).body(bodiless=False), ChunkedBody)


@pytest.mark.parametrize("name", [n for n in BROKEN if "\r\n\r\n" in BROKEN[n].decode("latin-1")])
def test_broken_heads_are_named(name):
    """A head with no or two readings is answered by a text that says what is wrong."""
    if name in {"unasked 101", "17 interim", "bad first chunk", "70 KB head"}:
        return  # sound heads; the link refuses them
    assert isinstance(read(BROKEN[name].partition(b"\r\n\r\n")[0]), str)


def test_the_memory_is_of_equal_bytes_only():
    """A repeated head is not read again, another one is."""
    reader = ResponseReader(frozenset())
    first = reader.read(HEAD)
    assert reader.read(bytes(bytearray(HEAD))) is first
    assert reader.read(HEAD.replace(b"3", b"4")).length == 4


@given(st.binary(max_size=80))
def test_any_bytes(raw):
    """A text or a head, never an exception."""
    for text in (raw, b"HTTP/1.1 200 OK\r\n" + raw):
        assert isinstance(read(text), (str, ResponseHead))


LENGTHS = [
    b"0",
    b"3",
    b"12345",
    b"007",
    b"",
    b"-1",
    b"+1",
    b"3 ",
    b" 3",
    b"3,4",
    b"3\r\nx: y",
    b"1e3",
]
LENGTHS += [
    b"9" * 15,
    b"9" * 16,
    b"\xc2\xb2",
    b"3\r\nContent-Length: 3",
    b"3\r\nTransfer-Encoding: a",
]
FORMS = [HEAD[:-1] + b"%b", HEAD[:-1] + b"%b\r\nVary: a", b"HTTP/1.1 200 OK\r\ncontent-LENGTH:%b"]
FORMS += [b"HTTP/1.1 204 No\r\nX-Content-Length: 1\r\nContent-Length: \t%b \r\nConnection: close"]
FORMS += [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Length: %b", b"HTTP/1.1 200 OK"]


def written(form, length):
    return form % length if b"%b" in form else form


@given(st.lists(st.tuples(st.sampled_from(FORMS), st.sampled_from(LENGTHS)), max_size=6))
def test_what_is_remembered_changes_no_reading(heads):
    """Whatever came before, a head is read as by a reader that remembers nothing."""
    reader = ResponseReader(frozenset({b"server"}))
    for form, length in heads:
        raw = written(form, length)
        assert reader.read(raw) == read(raw), raw


@given(st.data())
def test_a_cut_or_mended_head_is_not_the_remembered_one(data):
    """Bytes taken out, doubled or put in anywhere: what two readers could differ on is refused."""
    reader = ResponseReader(frozenset({b"server"}))
    reader.read(HEAD)
    raw = HEAD + b"\r\nVary: a" if data.draw(st.booleans()) else HEAD
    one, two = sorted(data.draw(st.tuples(*[st.integers(0, len(raw))] * 2)))
    bits = st.sampled_from([b"", raw[one:two] * 2, b"4", b"\r\n", b"\r\nContent-Length: 9", b": "])
    changed = raw[:one] + data.draw(bits) + raw[two:]
    assert reader.read(changed) == read(changed)
