"""The state of one request at the edge, and the answer to it: written once, recorded once.

Base of `Relay` and `Call`, one object per request. It knows whether the connection can carry
another request afterwards; steps 15 and 16 of docs/life-of-a-request.md.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from yett.engine import record, response
from yett.gate.respond import problem_response
from yett.wire import serialize
from yett.wire.body import FixedBody
from yett.wire.errand import Errand

if TYPE_CHECKING:
    from yett.engine.exchange import Exchange
    from yett.gate.connection import Connection
    from yett.gate.edge import Current
    from yett.problems import Problem
    from yett.state.locks import Held
    from yett.terms import Decision
    from yett.wire.body import ChunkedBody
    from yett.wire.http1 import RequestHead


class Answer(Errand):
    """What one request needs to be answered.

    Attributes:
        connection: whose it is.
        current: program, pools and settings it started with.
        head: the request's head.
        x: the engine's working state.
        decision: None until decided.
        body: the decoder of the request's body, None until somebody reads it.
        received: body bytes received; `sent`: body bytes sent to the client.
        locks: the records that this request alone may write until it is over.
        status: sent to the client, 0 before; `upstream_status`: what the service said.
        over: the record is written; nothing may happen any more.
    """

    __slots__ = (
        "body",
        "connection",
        "current",
        "decision",
        "head",
        "locks",
        "over",
        "received",
        "sent",
        "started",
        "status",
        "upstream_status",
        "x",
    )

    x: Exchange
    started: float

    def __init__(self, connection: Connection, head: RequestHead) -> None:
        super().__init__()
        self.connection = connection
        self.current: Current = connection.gate.current
        self.head = head
        self.decision: Decision | None = None
        self.body: FixedBody | ChunkedBody | None = None
        self.received = 0
        self.sent = 0
        self.locks: tuple[Held, ...] = ()
        self.status = 0
        self.upstream_status = 0
        self.over = False

    def may_persist(self) -> bool:
        """Whether another request may follow: wanted, allowed, and this one's body is used up."""
        connection = self.connection
        if not self.head.persistent or connection.gate.draining or connection.retiring:
            return False
        if connection.requests >= self.current.settings.max_requests:
            return False
        if not self.body_used_up():
            return False
        reader = connection.reader
        return not connection.ended or reader.at < len(reader.data)

    def body_used_up(self) -> bool:
        """Whether the connection's next byte is behind this request's body."""
        length = self.head.fields.length
        if length == 0:
            return True
        if self.body is not None:
            return self.body.done
        reader = self.connection.reader
        if length is not None and len(reader.data) - reader.at >= length:
            reader.at += length  # unread, but here as a whole: skip it
            self.body = FixedBody(0)
            return True
        return False

    def write_problem(self, problem: Problem, status: int = 0) -> None:
        """Answer with a refusal; `status` replaces the problem's own."""
        status, fields, body = problem_response(problem, self.x.request.id, status)
        block = serialize.lines(fields)
        self.write_whole(status, block, body, persist=not problem.close and self.may_persist())

    def write_reply(
        self, status: int, fields: tuple[tuple[bytes, bytes], ...], body: bytes = b""
    ) -> None:
        """Answer with what the engine made itself: a preflight, an operation of the gate's own."""
        self.write_whole(status, serialize.lines(fields), body, persist=self.may_persist())

    def write_whole(self, status: int, block: bytes, body: bytes, *, persist: bool) -> None:
        """Write an answer of the gate's own in one piece, and finish."""
        framing = b"" if status == 204 else b"content-length: %d\r\n" % len(body)
        date = b"date: %b\r\n" % self.connection.gate.clock.date
        if self.head.method == "HEAD":
            body = b""
        self.sent += len(body)
        self.write_head(status, block + date, framing, body, persist=persist)
        self.finish(persist=persist)

    def write_head(
        self,
        status: int,
        block: bytes,
        framing: bytes,
        body: bytes,
        *,
        persist: bool,
        added: bytes | None = None,
    ) -> None:
        """Write a head, and the part of the body that is there, in one write.

        `added` stands in for the fields that every other answer gets.
        """
        transport = self.connection.transport
        self.status = status
        if transport is None:
            return
        if not persist:
            framing += serialize.CLOSE
        elif self.head.minor == 0:
            framing += serialize.KEEP_ALIVE
        # One format of the parts: 0.5 us; writev of a list costs uvloop 2 us more.
        if added is None:
            added = response.fields(self.x, status)
        transport.write(
            b"%b%b%b%b\r\n%b" % (serialize.status_line(status), block, added, framing, body)
        )

    def finish(self, *, persist: bool) -> None:
        """Record the event and let the connection go on or end."""
        self.settle()
        self.connection.done(persist=persist)

    def settle(self) -> None:
        """Record the event, leave the counters and let go of the records, once."""
        if self.over:
            return
        self.over = True
        x = self.x
        assert self.decision is not None
        x.release()
        for held in self.locks:
            held.release()
        self.connection.gate.sink.append(
            record.event(
                x,
                self.decision,
                status=self.status,
                upstream_status=self.upstream_status,
                bytes_in=self.received,
                bytes_out=self.sent,
                seconds=perf_counter() - self.started,
            )
        )
