"""Header fields: one dictionary or a refusal."""

from __future__ import annotations

import time

import pytest

from yett.problems import HEAD_TOO_LARGE, Problem
from yett.wire.fields import MAX_FIELDS, read_fields


def block(*lines):
    return b"".join(line + b"\r\n" for line in (b"Host: a", *lines))


def test_names_values_and_joins():
    """Names are lower-case, values trimmed, lists joined by comma and cookies by semicolon."""
    found = read_fields(block(b"Accept: a", b"ACCEPT:b \t", b"Cookie: a=1", b"cookie:\tb=2"))
    assert found.headers[b"accept"] == b"a, b"
    assert found.headers[b"cookie"] == b"a=1; b=2"
    assert found.authority == "a"
    assert found.length == 0


def test_framing_and_connection():
    """Length, chunks, options and expectation are read once, here."""
    assert read_fields(block(b"Content-Length: 7")).length == 7
    assert read_fields(block(b"Transfer-Encoding: Chunked")).length is None
    assert read_fields(block(b"Connection: Close, ,X")).named == {b"close", b"x"}
    assert read_fields(block(b"Expect: 100-Continue")).expects
    assert not read_fields(block(b"Expect: other")).expects


def test_field_count():
    """One more field than allowed is a 431."""
    most = [b"X-%d: a" % i for i in range(MAX_FIELDS - 1)]
    assert len(read_fields(block(*most)).headers) == MAX_FIELDS
    assert read_fields(block(*most, b"Y: a")).kind is HEAD_TOO_LARGE


@pytest.mark.parametrize("host", [b"a", b"A.example", b"a:1", b"[::1]", b"[::1]:8080", b"1.2.3.4"])
def test_hosts(host):
    """A well-formed `Host` is kept in small letters."""
    assert read_fields(b"Host: %b\r\n" % host).authority == host.decode().lower()


@pytest.mark.parametrize(
    "hostile", [b" " * 30_000 + b"x", b"\t \t" * 10_000, b":" * 30_000, b"," * 30_000]
)
def test_no_pathological_value(hostile):
    """32 KB of blanks, colons or commas cost one pass (CWE-1333), framing fields included."""
    for name in (b"X", b"Connection", b"Host", b"Content-Length", b"Transfer-Encoding"):
        spent = time.process_time()
        read_fields(
            block(name + b": " + hostile) if name != b"Host" else b"Host: " + hostile + b"\r\n"
        )
        assert time.process_time() - spent < 0.1


def test_an_underscore_that_means_nothing_is_let_through():
    """Only an alias of another field is refused."""
    assert read_fields(block(b"my_header: a")).headers[b"my_header"] == b"a"
    assert isinstance(read_fields(block(b"content_length: 1")), Problem)
