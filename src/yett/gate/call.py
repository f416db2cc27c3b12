"""One request under way: drives `decide`, reads its body, hands over to step 13, ends in time.

Plain callbacks; what the engine asks for is answered in `gate/asking.py`. Whatever happens, the
exchange is released once and one event is recorded.
"""

from __future__ import annotations

from time import perf_counter, time

from yett.engine.decide import decide
from yett.engine.exchange import Exchange
from yett.gate.asking import Asking
from yett.gate.upload import Upload
from yett.problems import (
    NOT_RECORDED,
    REQUEST_TIMEOUT,
    UPSTREAM_TIMEOUT,
    Problem,
)
from yett.terms import Decision, Request, Verdict

RECORD_STEP = 16


class Call(Asking):
    """One request from its head to its record.

    Attributes:
        held: the client is held back because the upstream reads slower.
        upload: what reads the body, None before somebody wants it.
    """

    __slots__ = ("held", "upload")

    def begin(self) -> None:
        """Run the steps."""
        connection, head = self.connection, self.head
        gate, passed, target = connection.gate, head.passed, head.target
        self.started = perf_counter()
        self.upload: Upload | None = None
        self.held = self.repeated = False
        self.reading = self.waiting = None
        self._keys = ()
        self.due = 0.0
        request = Request(
            id=gate.next_id(),
            method=head.method,
            path=target.path,
            segments=target.segments,
            query=target.query,
            headers=passed.headers,
            source=passed.source,
            secure=passed.secure,
            authority=head.fields.authority,
            length=head.fields.length,
            certificate=passed.certificate or connection.certificate,
        )
        self.x = Exchange(self.current.program, request, gate.view, time())
        if gate.sink.full and self.current.settings.block_unrecorded:
            self.decided(_refusal(RECORD_STEP, NOT_RECORDED(headers=((b"retry-after", b"1"),))))
            return
        self._steps = decide(self.x)
        self.go_on(None)

    def decided(self, decision: Decision) -> None:
        """Answer, or send on what may be."""
        self.decision = decision
        if decision.problem is not None:
            self.write_problem(decision.problem)
        elif decision.reply is not None:
            self.write_reply(*decision.reply, decision.content)
        else:
            assert decision.forward is not None
            self.forward(decision.forward)

    def refuse(self, problem: Problem) -> None:
        """End the run with a problem of the gate's own."""
        self.decided(_refusal(self._last_step(), problem))

    def read_body(self, limit: int) -> None:
        """Read the whole body for a rule."""
        self._read_body(limit, streaming=False)

    def _read_body(self, limit: int, *, streaming: bool) -> None:
        self.upload = Upload(self, limit, streaming=streaming)
        connection = self.connection
        connection.read_body(reading=True)
        self.upload.begin()
        if connection.ended and not (self.over or self.body is None or self.body.done):
            self.client_gone()  # it ended before its body did, while another request was under way
            connection.close(linger=False)

    def body_received(self) -> None:
        """More of the body is in the connection's reader."""
        assert self.upload is not None
        self.upload.receive()

    def upload_done(self, body: bytes) -> None:
        """The whole body was read (and passed on, where it is streamed)."""
        self.connection.read_body(reading=False)
        if self.decision is None:
            self.go_on(body)
        else:
            self.await_response()

    def upload_refused(self, problem: Problem) -> None:
        """The body is too large or malformed."""
        self.connection.read_body(reading=False)
        if self.decision is None:
            self.go_on(problem)
        elif not self.over:
            self.break_off(problem)

    def upstream_ready(self) -> None:
        """The head is on its way to the upstream; now the body may follow."""
        assert self.x.plan is not None
        self._read_body(self.x.plan.operation.max_body, streaming=True)

    def upstream_writable(self, *, writable: bool) -> None:
        """Hold the client while the upstream reads slower; the time that passes is not its own."""
        self.held = not writable
        self.connection.hold_reading(hold=not writable)
        if not self.more or self.upload is None:
            return
        if writable:
            self.upload.bound()
        else:
            self.await_response()

    def timed_out(self) -> None:
        """The deadline of what is under way has passed."""
        if self.decision is None:
            if self.reading is not None:
                self.out_of_time()
                return
            self.stop_asking()
            self.refuse(REQUEST_TIMEOUT(close=True))
            return
        if self.standing is None:
            slow_client = self.more and not self.held
            self.break_off(REQUEST_TIMEOUT(close=True) if slow_client else UPSTREAM_TIMEOUT())
        elif (problem := self.standing.judge()) is not None:
            self.break_off(problem)

    def client_gone(self) -> None:
        """The client's connection is lost: give up and record what happened until now."""
        if self.over:
            return
        if self.decision is None:
            self.stop_asking()
            self.decision = _refusal(self._last_step(), REQUEST_TIMEOUT(note="the client left"))
        else:
            self.give_up()
        self.settle()

    def _last_step(self) -> int:
        if self.locks or self.reading or self.waiting:
            return 11
        return 8 if self.upload is not None else 1


def _refusal(step: int, problem: Problem) -> Decision:
    return Decision(verdict=Verdict.REFUSE, step=step, problem=problem)
