"""One response per errand, with every cut, on a transport that only remembers."""

from __future__ import annotations

import pytest
from vectors.http1.responses import BROKEN, FINE

from yett.wire.clock import NEVER
from yett.wire.errand import Errand, Failure
from yett.wire.link import Link
from yett.wire.response import ResponseReader

FINE_ONE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Transport:
    def __init__(self):
        self.written, self.closed, self.held, self.unsent = b"", False, False, 0

    def get_write_buffer_size(self):
        return self.unsent

    def set_write_buffer_limits(self, high):
        self.high = high

    def write(self, data):
        self.written += data

    def abort(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        self.held = True

    def resume_reading(self):
        self.held = False


class Shelf:
    """A pool that remembers what it was told."""

    def __init__(self):
        self.reader = ResponseReader(frozenset())
        self.back, self.gone = [], []

    def take_back(self, link):
        self.back.append(link)

    def discard(self, link):
        self.gone.append(link)


class Asking(Errand):
    def __init__(self):
        super().__init__()
        self.payload, self.head, self.body, self.complete, self.failure = (
            b"go",
            None,
            b"",
            False,
            None,
        )

    def upstream_head(self, head, body, *, complete):
        assert self.head is None
        self.head, self.body, self.complete = head, body, complete

    def upstream_body(self, data, *, complete):
        assert not self.complete
        self.body += data
        self.complete = complete

    def upstream_failed(self, failure, note):
        assert not self.complete
        self.failure = failure


def carried(errand=None):
    link = Link(Shelf())
    link.connection_made(Transport())
    errand = errand or Asking()
    link.carry(errand)
    return link, errand


def feed(link, raw, step):
    for at in range(0, len(raw), step or len(raw) or 1):
        if link.transport.closed:
            return
        link.data_received(raw[at : at + (step or len(raw))])


@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize("name", list(FINE))
def test_good_answers_end_once(name, step):
    """Head, body and end come exactly once, wherever the bytes are cut."""
    raw, status, body = FINE[name]
    link, errand = carried()
    feed(link, raw, step)
    link.connection_lost(None)
    assert (errand.head.status, errand.body, errand.complete) == (status, body, True)
    assert errand.failure is None


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("name", [name for name in BROKEN if len(BROKEN[name]) < 9000])
def test_broken_answers_fail_and_are_never_pooled(name, step):
    """A doubt closes the connection, and no head is handed on but before a bad later chunk."""
    link, errand = carried()
    feed(link, BROKEN[name], step)
    if not link.transport.closed:
        link.connection_lost(None)
    assert errand.failure is not None
    assert errand.head is None or name == "bad first chunk"
    assert not link.pool.back


def test_what_ends_cleanly_goes_back():
    """Only a complete answer with nothing behind it, kept by the upstream, is pooled."""
    link, errand = carried()
    link.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert link.pool.back == [link]
    assert link.transport.written == b"go"
    link.carry(second := Asking())
    assert second.reused
    assert not errand.reused
    link.data_received(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert link.transport.closed


def test_an_answer_before_the_whole_request_is_not_pooled():
    """What of the request is unsent would become the next request's beginning."""
    errand = Asking()
    errand.more = True
    link, _ = carried(errand)
    link.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert errand.complete
    assert link.transport.closed
    assert not link.pool.back


def test_an_answer_before_the_kernel_took_the_request_is_not_pooled():
    """What a service has not read by its answer it may take for another request."""
    link, errand = carried()
    link.transport.unsent = 1
    link.data_received(FINE_ONE)
    assert errand.complete
    assert (link.pool.back, link.transport.closed) == ([], True)


def test_unanswered_is_told_from_truncated():
    """Only silence may be retried."""
    link, errand = carried()
    link.connection_lost(None)
    assert errand.failure is Failure.UNANSWERED
    link, errand = carried()
    link.data_received(b"HTTP/1.1 2")
    link.connection_lost(None)
    assert errand.failure is Failure.TRUNCATED


def test_a_reset_does_not_complete_an_open_body():
    """A body that ends with the connection must end with a clean end."""
    link, errand = carried()
    link.data_received(b"HTTP/1.1 200 OK\r\n\r\nhalf")
    link.connection_lost(ConnectionResetError())
    assert errand.failure is Failure.TRUNCATED
    assert not errand.complete


def test_holding_and_expiry():
    """Reading is held for a slow client; only an idle link expires."""
    link, errand = carried()
    link.hold(hold=True)
    assert link.transport.held
    link.hold(hold=False)
    assert not link.transport.held
    link.expire(0.0)
    assert not link.transport.closed
    errand.link = link.errand = None
    link.expire(0.0)
    assert link.transport.closed
    assert link.deadline == NEVER
