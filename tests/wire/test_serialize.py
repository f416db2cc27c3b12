"""Messages to bytes."""

from __future__ import annotations

import httptools

from yett.wire import serialize


def test_every_status_has_a_line():
    """100 to 599, known or not."""
    assert serialize.status_line(200) == b"HTTP/1.1 200 OK\r\n"
    assert serialize.status_line(299) == b"HTTP/1.1 299 \r\n"
    assert all(serialize.status_line(s).endswith(b"\r\n") for s in range(100, 600))


def test_a_request_reads_back():
    """Llhttp reads what was written, to the byte."""
    seen = {}

    class Reader:
        def on_url(self, url):
            seen["url"] = url

        def on_header(self, name, value):
            seen[name] = value

    head = serialize.request_head("POST", "/a?b=c", b"up:1", b"x: y\r\n", serialize.CHUNKED)
    parser = httptools.HttpRequestParser(Reader())
    parser.feed_data(head + serialize.chunk(b"hello") + serialize.LAST_CHUNK)
    assert seen == {
        "url": b"/a?b=c",
        b"host": b"up:1",
        b"x": b"y",
        b"transfer-encoding": b"chunked",
    }
    assert parser.get_method() == b"POST"


def test_field_lines():
    """Pairs become lines."""
    assert serialize.lines(((b"a", b"b"), (b"c", b"d"))) == b"a: b\r\nc: d\r\n"
