"""One connection to an upstream: sends a request, reads exactly one response, is pooled again.

A link is pooled only after a response that ended where its framing said, with nothing behind it
and nothing of the request unsent; every doubt closes it. Bytes nobody asked for close it too
(response splitting and desync, CWE-444). It decides nothing about retries or the client.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from yett.problems import Problem
from yett.wire.body import OpenBody
from yett.wire.clock import NEVER
from yett.wire.errand import Errand, Failure
from yett.wire.response import MAX_RESPONSE_HEAD_BYTES, ResponseHead

if TYPE_CHECKING:
    from yett.wire.body import Body
    from yett.wire.pool import Pool

HIGH_WATER_BYTES = 256 * 1024
MAX_INTERIM_RESPONSES = 16


class Link(asyncio.Protocol):
    """A pooled connection; `pool` takes it back or forgets it."""

    __slots__ = (
        "_body",
        "_interim",
        "_rest",
        "deadline",
        "errand",
        "persistent",
        "pool",
        "switched",
        "transport",
        "used",
    )

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.errand: Errand | None = None
        self.transport: asyncio.Transport | None = None
        self.used = 0
        self.persistent = False
        self.switched = False
        self.deadline = NEVER
        self._rest = b""
        self._body: Body | None = None
        self._interim = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; bodies are streamed under one high-water mark."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def carry(self, errand: Errand) -> None:
        """Send an errand's payload and wait for its response."""
        assert self.transport is not None
        self.errand = errand
        errand.link = self
        errand.reused = self.used > 0
        self.used += 1
        self.deadline = NEVER  # the errand's own deadline is the edge's
        self._body = None
        self._interim = 0
        self.transport.write(errand.payload)
        if errand.more:
            errand.upstream_ready()

    def send(self, data: bytes) -> None:
        """Send more of a streamed body, or opaque bytes after a switch."""
        if self.transport is not None:
            self.transport.write(data)

    def hold(self, *, hold: bool) -> None:
        """Stop or go on reading: the client is slower than the upstream."""
        if self.transport is None or self.transport.is_closing():
            return
        if hold:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def shed(self, note: str) -> None:
        """Break the errand off, for others who need the place."""
        self._fail(Failure.TRUNCATED, note)

    def drop(self) -> None:
        """Abort: the errand is given up, or this connection can no longer be trusted."""
        self.errand = None
        if self.transport is not None:
            self.transport.abort()

    def expire(self, now: float) -> None:
        """Close while idle, before the upstream does."""
        del now
        if self.errand is None:
            self.deadline = NEVER
            self.pool.discard(self)
            self.drop()

    def data_received(self, data: bytes) -> None:
        """Read the response that is awaited."""
        errand = self.errand
        if errand is None:
            self.pool.discard(self)
            self.drop()
            return
        if self.switched:
            errand.upstream_bytes(data)
            return
        if self._body is not None:
            self._read_body(errand, self._body, data)
            return
        if self._rest:
            data = self._rest + data
            self._rest = b""
        self._read_head(errand, data)

    def _read_head(self, errand: Errand, data: bytes) -> None:
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0 or end > MAX_RESPONSE_HEAD_BYTES:
                if len(data) > MAX_RESPONSE_HEAD_BYTES:
                    self._fail(Failure.BROKEN, "the head is too large")
                elif not data.startswith(b"HTTP/1."[: len(data)]):
                    self._fail(Failure.BROKEN, "the answer is not HTTP/1")
                else:
                    self._rest = data
                return
            head = self.pool.reader.read(data[:end])
            if isinstance(head, str):
                self._fail(Failure.BROKEN, head)
                return
            if head.status >= 200:
                break
            data = data[end + 4 :]
            if head.status == 101:
                self._switch(errand, head, data)
                return
            self._interim += 1  # 100, 102, 103 end at this hop
            if self._interim > MAX_INTERIM_RESPONSES:
                self._fail(Failure.BROKEN, "there are too many interim responses")
                return
            if not data:
                return
        self._start_body(errand, head, data, end + 4)

    def _start_body(self, errand: Errand, head: ResponseHead, data: bytes, at: int) -> None:
        body = head.body(bodiless=errand.bodiless)
        self.persistent = head.persistent
        taken = body.take(data, at)
        if isinstance(taken, Problem):
            self._fail(Failure.BROKEN, taken.detail)
            return
        payload, at = taken
        if body.done:
            self._end(errand, clean=at == len(data))
            errand.upstream_head(head, payload, complete=True)
            return
        self._body = body
        errand.upstream_head(head, payload, complete=False)

    def _read_body(self, errand: Errand, body: Body, data: bytes) -> None:
        taken = body.take(data, 0)
        if isinstance(taken, Problem):
            self._fail(Failure.TRUNCATED, taken.detail)
            return
        payload, at = taken
        if body.done:
            self._end(errand, clean=at == len(data))
            errand.upstream_body(payload, complete=True)
        elif payload:
            errand.upstream_body(payload, complete=False)

    def _switch(self, errand: Errand, head: ResponseHead, data: bytes) -> None:
        if not errand.upgrading:
            self._fail(Failure.BROKEN, "the answer switches protocols unasked")
            return
        self.switched = True
        errand.upstream_switched(head, data)

    def _end(self, errand: Errand, *, clean: bool) -> None:
        """Give the connection back before the edge is told: its next request may have it."""
        errand.link = None
        self.errand = None
        self._body = None
        transport = self.transport
        assert transport is not None
        # A service that answers before it has read the body may never read it as one (CL.0).
        unsent = errand.more or transport.get_write_buffer_size() > 0
        if clean and self.persistent and not unsent and not transport.is_closing():
            self.pool.take_back(self)
        else:
            self.pool.discard(self)
            self.drop()

    def _fail(self, failure: Failure, note: str) -> None:
        errand = self.errand
        self.pool.discard(self)
        self.drop()
        if errand is not None:
            errand.link = None
            errand.upstream_failed(failure, note)

    def pause_writing(self) -> None:
        """The upstream is slower than the client."""
        if self.errand is not None:
            self.errand.upstream_writable(writable=False)

    def resume_writing(self) -> None:
        """The upstream has caught up."""
        if self.errand is not None:
            self.errand.upstream_writable(writable=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is under way: complete only where the framing says so."""
        errand, body = self.errand, self._body
        self.pool.discard(self)
        self.transport = None
        self.errand = None
        if errand is None:
            return
        errand.link = None
        if body is not None:
            from_end = exc is None and isinstance(body, OpenBody)
            if from_end:
                errand.upstream_body(b"", complete=True)
            else:
                errand.upstream_failed(Failure.TRUNCATED, "the connection closed in the body")
        elif self._rest or self._interim or self.switched:
            errand.upstream_failed(Failure.TRUNCATED, "the connection closed in the head")
        else:
            errand.upstream_failed(Failure.UNANSWERED, "the connection closed unanswered")
