"""Step 13, the way back: the response as it comes, or collected for the rules of step 14.

What went to the client cannot be taken back: a response that breaks off aborts the client's
connection, so that it is never taken for complete (Caddy ends such a one with a clean last chunk,
notes/edge.md 2.2). The way out is `gate/sending.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from yett.engine import response
from yett.gate.collecting import Collecting, collect
from yett.gate.handshake import check_switch
from yett.gate.sending import Sending
from yett.gate.standing import Standing
from yett.gate.tunnel import Tunnel
from yett.gate.witness import witness
from yett.problems import (
    REDUCED_CAPACITY,
    UPSTREAM_BROKEN,
    UPSTREAM_FAILED,
    UPSTREAM_UNREACHABLE,
    Kind,
    Problem,
)
from yett.wire import serialize
from yett.wire.clock import NEVER
from yett.wire.errand import Failure

if TYPE_CHECKING:
    from yett.terms import Forward
    from yett.wire.response import ResponseHead

_BODILESS = frozenset({204, 304})
_EVENTS = re.compile(rb"(?im)^content-type:[ \t]*text/event-stream[ \t]*(;|\r)")


class Relay(Sending):
    """Relays the response of one request.

    Attributes:
        chunking: the response goes to the client in chunks.
        collecting: the response as far as it has come, where a rule must read it whole.
        endless: the response is a stream of events, which has no end of its own.
        lasting: whether the client's connection outlives this response.
        passing: what was collected goes on unread.
        standing: what lets a stream or tunnel go on; None for what has an end.
        tunnel: what the request became after a 101.
        witnessing: the outcome of a sensitive operation is being made durable.
    """

    __slots__ = (
        "chunking",
        "collecting",
        "endless",
        "lasting",
        "passing",
        "standing",
        "tunnel",
        "witnessing",
    )

    def forward(self, forward: Forward) -> None:
        """Send the request on; nothing of a response is there yet."""
        self.chunking = self.lasting = self.passing = self.witnessing = self.endless = False
        self.collecting: Collecting | None = None
        self.tunnel: Tunnel | None = None
        self.standing: Standing | None = None
        self.send(forward)

    def changed(self) -> bool:
        """Decide again where the record was changed since it was read; the call overrides it."""
        return False

    def upstream_head(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """Relay a head; that of a sensitive operation once its outcome is on disk."""
        self.upstream_status = head.status
        if head.status == 412 and self.x.extra and self.changed():
            return
        assert self.x.plan is not None
        if self.x.plan.operation.sensitive:
            witness(self, head, body, complete=complete)
        else:
            self.relay_head(head, body, complete=complete)

    def relay_head(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """Relay a head, in one write with what came of the body."""
        status = head.status
        x = self.x
        assert x.plan is not None
        operation = x.plan.operation
        if status >= 500 and response.scrubbed(x, status):
            self.give_up()
            self.fail(UPSTREAM_FAILED(note=f"the service answered {status}"), status)
            return
        if x.plan.checks is not None and not self.passing and collect(self, head, body, complete):
            return
        most = NEVER if operation.stream_response else self.current.settings.max_response
        if max(head.length or 0, len(body)) > most and not self.bodiless:
            self.give_up()
            self.fail(_too_large())
            return
        self.lasting = self.may_persist()
        self.sent += len(body)
        framing = self._frame_response(head, body, complete=complete)
        if self.chunking and body:
            body = serialize.chunk(body)
        block = head.block + head.caching if operation.cache else head.block
        added = response.page_fields(x) if operation.pages else None
        self.write_head(status, block, framing, body, persist=self.lasting, added=added)
        if complete:
            self.finish(persist=self.lasting)
        elif operation.stream_response:
            self.endless = head.length is None and _EVENTS.search(head.block) is not None
            self.standing = Standing(self)
            self._settle_in()

    def _frame_response(self, head: ResponseHead, body: bytes, *, complete: bool) -> bytes:
        length = head.length
        if self.bodiless or head.status in _BODILESS:
            # What a GET would have had (RFC 9110 s8.6); never on a 204.
            if length is None or head.status == 204:
                return b""
            return b"content-length: %d\r\n" % length
        if complete:
            return b"content-length: %d\r\n" % len(body)
        if length is not None:
            return b"content-length: %d\r\n" % length
        if self.head.minor == 1:
            self.chunking = True
            return serialize.CHUNKED
        self.lasting = False  # HTTP/1.0: the end of the connection is the end of the body
        return b""

    def upstream_body(self, data: bytes, *, complete: bool) -> None:
        """Relay more of the body as it comes."""
        connection = self.connection
        transport = connection.transport
        if transport is None:
            return
        if self.witnessing:  # a held connection reads nothing; if it did, its head is not out yet
            self.break_off(UPSTREAM_BROKEN(note="more of a response that was held"))
            return
        if self.collecting is not None:
            self.collecting.take(data, complete=complete)
            return
        self.sent += len(data)
        if self.standing is not None:
            self.standing.stay()
        elif self.sent > self.current.settings.max_response:
            self.break_off(_too_large())
            return
        if self.chunking:
            data = serialize.chunk(data) if data else b""
            if complete:
                data += serialize.LAST_CHUNK
        if data:
            transport.write(data)
        if complete:
            self.finish(persist=self.lasting)

    def upstream_switched(self, head: ResponseHead, data: bytes) -> None:
        """Let a WebSocket begin, if the service has really agreed to one."""
        self.upstream_status = head.status
        problem = check_switch(head, self.x.request.headers)
        if problem is not None:
            self.give_up()
            self.fail(problem)
            return
        self.standing = Standing(self)
        self.tunnel = Tunnel(self, head, self.standing)
        self.connection.begin_tunnel()
        if data:
            self.tunnel.from_upstream(data)
        self._settle_in()

    def upstream_bytes(self, data: bytes) -> None:
        """Pipe what the service sends after the handshake."""
        if self.tunnel is not None:
            self.tunnel.from_upstream(data)

    def upstream_failed(self, failure: Failure, note: str) -> None:
        """Retry once where nothing can have happened, else say so, or break off."""
        if self.over:
            return
        if self.tunnel is not None:
            self.finish(persist=False)
        elif self.status:
            self.break_off(UPSTREAM_BROKEN(note=note))
        elif failure is not Failure.UNANSWERED or not self.retry():
            self.fail(_PROBLEMS[failure](headers=_HEADERS.get(failure, ()), note=note))

    def break_off(self, problem: Problem) -> None:
        """End a request that cannot be completed: by an answer, or visibly inside the answer."""
        self.give_up()
        if self.status == 0:
            self.fail(problem)
            return
        assert self.decision is not None
        self.decision = replace(self.decision, problem=problem)
        self.settle()
        self.connection.abort()

    def leave(self) -> None:
        """End what has no end, because the gate drains: a tunnel, a stream of events.

        Both clients connect again by design, and an event that is cut is thrown away by its reader
        (HTML s9.2.6), so the clean end that other bodies must not get is the right one here.
        """
        if self.over or self.decision is None or not (self.tunnel or self.endless):
            return
        self.give_up()
        transport = self.connection.transport
        if self.chunking and transport is not None:
            transport.write(serialize.LAST_CHUNK)
        self.finish(persist=False)

    def _settle_in(self) -> None:
        """Make room in the pool for what has no end, or end it at once while the gate drains."""
        if not (self.tunnel or self.endless):
            return
        if self.connection.gate.draining:
            self.leave()
        elif self.link is not None:
            self.link.pool.set_aside(self.link, endless=True)

    def client_writable(self, *, writable: bool) -> None:
        """Hold the upstream while the client reads slower; a client that never reads is ended."""
        if self.link is not None and not self.witnessing:
            self.link.hold(hold=not writable)
            if writable:
                self.link.pool.count_again(self.link)
            else:
                self.link.pool.set_aside(self.link, endless=False)


_PROBLEMS: dict[Failure, Kind] = {
    Failure.UNREACHABLE: UPSTREAM_UNREACHABLE,
    Failure.BUSY: REDUCED_CAPACITY,
    Failure.UNANSWERED: UPSTREAM_BROKEN,
    Failure.BROKEN: UPSTREAM_BROKEN,
    Failure.TRUNCATED: UPSTREAM_BROKEN,
}
_HEADERS: dict[Failure, tuple[tuple[bytes, bytes], ...]] = {Failure.BUSY: ((b"retry-after", b"1"),)}


def _too_large() -> Problem:
    return UPSTREAM_BROKEN(note="the response is larger than `max_response`")
