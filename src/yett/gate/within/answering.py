"""Steps 13 to 15 in the service: the application's answer as it comes, or collected for the rules.

The same decisions as `gate/relay.py` and `gate/collecting.py` make about a service behind the
gateway, by the same functions of the engine; what differs is only that messages come instead of
bytes. Does no I/O: an adapter sends what `Out` says. What has left cannot be taken back: then
`BrokenError` is raised, and the server ends the connection.
"""

from __future__ import annotations

from yett.engine import record, response
from yett.engine.release import Released, Reply, reading, release, uncheckable
from yett.gate.collecting import collected_fields
from yett.gate.within.outgoing import Fields, pairs, read_answer_head
from yett.gate.within.visit import Visit
from yett.gate.within.writing import Out, refused
from yett.gate.witness import DETAIL
from yett.problems import (
    INTERNAL,
    NOT_RECORDED,
    RECORD_CHANGED,
    UPSTREAM_BROKEN,
    UPSTREAM_FAILED,
    Problem,
)
from yett.terms import Event, Forward, Mode
from yett.wire.lines import describe, names
from yett.wire.response import ResponseHead

_BODILESS = frozenset({204, 304})


class BrokenError(Exception):
    """An answer that has begun cannot be completed; the server is to end the connection."""


class Answering:
    """The answer to one forwarded request.

    Args:
        visit: the request.
        forward: what was sent on.

    Attributes:
        again: the record had changed: nothing of this answer goes on, decide again.
        asks: an event that must be on disk before anything goes on; None for none.
        done: nothing goes to the client any more.
        begun: the head has been taken; `ended`: the last of the body, too.
    """

    __slots__ = (
        "_bodiless",
        "_collected",
        "_forward",
        "_head",
        "_mode",
        "_problem",
        "_relayed",
        "_size",
        "_status",
        "_visit",
        "again",
        "asks",
        "begun",
        "done",
        "ended",
    )

    def __init__(self, visit: Visit, forward: Forward) -> None:
        self._visit = visit
        self._forward = forward
        self._bodiless = visit.x.request.method == "HEAD"
        self._head: ResponseHead | None = None
        self._mode = Mode.OFF
        self._collected: list[bytes] | None = None
        self._problem: Problem | None = None
        self._status = 0
        self._size = 0
        self._relayed = False
        self.asks: Event | None = None
        self.again = self.done = self.begun = self.ended = False

    @property
    def streams(self) -> bool:
        """Whether the answer goes on as it comes, and its head is out."""
        return self._relayed and not self.done

    def take_head(self, status: int, fields: Fields) -> None:
        """Take the head; `start` says what becomes of it."""
        visit = self._visit
        if self.begun:
            self._problem = UPSTREAM_BROKEN(note="the service answered twice")
            return
        self.begun = True
        head = read_answer_head(visit, status, fields)
        if isinstance(head, str):
            self._problem = UPSTREAM_BROKEN(note=head)
            return
        self._head = head
        visit.upstream_status = status
        if status == 412 and self._changed():
            return
        assert visit.x.plan is not None
        if visit.x.plan.operation.sensitive:
            self.asks = record.outcome(visit.x, status)

    def _changed(self) -> bool:
        """Whether the record is not the one that was decided about, by a condition of our own."""
        visit = self._visit
        streamed = self._forward.body is None and visit.x.request.length != 0 and not visit.read
        if b"if-match" not in names(visit.x.extra) or streamed:
            return False
        if visit.repeated:
            self._problem = RECORD_CHANGED()
        else:
            self.again = self.done = True
        return True

    def hear(self, *, durable: bool) -> None:
        """Take the answer to `asks`."""
        self.asks = None
        if not durable:
            self._problem = NOT_RECORDED(DETAIL)

    def start(self) -> Out | None:
        """Decide what becomes of the head that was taken; None where nothing goes out yet."""
        if self.done:
            return None
        if self._problem is not None:
            return self.fail(self._problem)
        visit, head = self._visit, self._head
        assert head is not None
        assert visit.x.plan is not None
        if head.status >= 500 and response.scrubbed(visit.x, head.status):
            note = f"the service answered {head.status}"
            return self.fail(UPSTREAM_FAILED(note=note), head.status)
        if visit.x.plan.checks is not None:
            self._mode = reading(visit.x, head.status, describe(head.block).media_type)
            # The application was asked for the body of a HEAD, too: it ends here.
            if self._mode is not Mode.OFF or self._bodiless:
                self._collected = []
                return None
        return self._relay(head)

    def _relay(self, head: ResponseHead) -> Out:
        visit = self._visit
        assert visit.x.plan is not None
        operation = visit.x.plan.operation
        if not operation.stream_response and (head.length or 0) > self._most and not self._bodiless:
            return self.fail(_too_large())
        block = head.block + head.caching if operation.cache else head.block
        framing = []
        if head.length is not None and head.status != 204:
            framing = [(b"content-length", b"%d" % head.length)]
        self._relayed = True
        visit.status = head.status
        return Out(head.status, [*pairs(block + response.fields(visit.x, head.status)), *framing])

    @property
    def _most(self) -> int:
        return self._visit.current.settings.max_response

    def take(self, data: bytes, *, complete: bool) -> Out | None:
        """Take more of the body; None where nothing goes out.

        Raises:
            BrokenError: what has begun cannot be completed.
        """
        self.ended = complete
        if self.done:
            return None
        if not self.begun:
            return self.fail(UPSTREAM_BROKEN(note="the service gave a body without a head"))
        self._size += len(data)
        if self._collected is not None:
            return self._collect(data, complete=complete)
        return self._pass_on(data, complete=complete)

    def _pass_on(self, data: bytes, *, complete: bool) -> Out | None:
        visit, head = self._visit, self._head
        assert head is not None
        assert visit.x.plan is not None
        if self._bodiless or head.status in _BODILESS:
            data = b""
        elif self._size > self._most and not visit.x.plan.operation.stream_response:
            return self.fail(_too_large())
        elif head.length is not None and (
            self._size > head.length or (complete and self._size < head.length)
        ):
            return self.fail(UPSTREAM_BROKEN(note="the answer is not as long as it says"))
        visit.sent += len(data)
        self.done = complete
        return Out(body=data, done=complete) if data or complete else None

    def _collect(self, data: bytes, *, complete: bool) -> Out | None:
        assert self._collected is not None
        assert self._head is not None
        self._collected.append(data)
        most = self._visit.current.settings.max_checked
        if max(self._size, self._head.length or 0) > most:
            if self._mode is Mode.ENFORCE:
                return self._withhold(uncheckable(self._visit.x, f"larger than {most} bytes"))
            return self._pass_by(complete=complete)
        return self._decide(b"".join(self._collected)) if complete else None

    def _pass_by(self, *, complete: bool) -> Out | None:
        """Let go on unread what no rule that is enforced must read."""
        assert self._collected is not None
        assert self._head is not None
        body, self._collected = b"".join(self._collected), None
        out = self._relay(self._head)
        if self.done:
            return out
        rest = self._pass_on(body, complete=complete)
        return Out(out.status, out.fields, rest.body, rest.done) if rest is not None else out

    def _decide(self, body: bytes) -> Out:
        visit, head = self._visit, self._head
        assert head is not None
        assert visit.x.plan is not None
        if head.status not in _BODILESS and head.length not in {None, len(body)}:
            return self.fail(UPSTREAM_BROKEN(note="the answer is not as long as it says"))
        told = describe(head.block)
        reply = Reply(head.status, told.media_type, told.coded, body)
        try:
            off = self._mode is Mode.OFF
            released = Released(body) if off else release(visit.x, reply)
        except Exception as error:  # noqa: BLE001 — a bug in a rule must refuse, not let through
            visit.core.on_error(error)
            return self.fail(INTERNAL(close=True))
        for event in released.events:
            visit.core.sink.append(event)
        if released.problem is not None:
            return self._withhold(released.problem)
        changed = released.body != body
        plan = visit.x.plan
        ranges = plan.checks is not None and b"range" not in plan.checks.without
        block = collected_fields(head, cache=plan.operation.cache, changed=changed, ranges=ranges)
        self.done = True
        return self._write(head.status, block, released.body)

    def _write(self, status: int, block: bytes, body: bytes) -> Out:
        visit = self._visit
        framing = [] if status in _BODILESS else [(b"content-length", b"%d" % len(body))]
        if self._bodiless or status in _BODILESS:
            body = b""
        visit.status = status
        visit.sent += len(body)
        return Out(status, [*pairs(block + response.fields(visit.x, status)), *framing], body, True)

    def _withhold(self, problem: Problem) -> Out:
        """Refuse after all: the application answered, and its answer may not leave (step 14)."""
        self.done = True
        self._visit.withhold(problem)
        return refused(self._visit, problem)

    def fail(self, problem: Problem, status: int = 0) -> Out:
        """End with a problem of the way: by an answer, or visibly inside the answer.

        Raises:
            BrokenError: the head is out already.
        """
        self.done = True
        self._visit.blame(problem)
        if self._relayed:
            raise BrokenError(problem.code)
        return refused(self._visit, problem, status)


def _too_large() -> Problem:
    return UPSTREAM_BROKEN(note="the response is larger than `max_response`")
