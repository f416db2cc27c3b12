"""One request under way: drives `decide`, answers its questions, hands over to step 13.

Plain callbacks; a task is spawned only where a question must be awaited (keys to fetch, a record to
make durable). Whatever happens, the exchange is released once and one event is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from time import perf_counter, time
from typing import Any, assert_never

from yett.engine.decide import decide
from yett.engine.exchange import Exchange
from yett.engine.questions import FetchKeys, MakeDurable, Question, ReadBody
from yett.gate.relay import Relay
from yett.gate.upload import Upload
from yett.problems import (
    CREDENTIAL_EXPIRED,
    INTERNAL,
    NOT_RECORDED,
    REQUEST_TIMEOUT,
    UPSTREAM_TIMEOUT,
    Problem,
)
from yett.terms import Decision, Request, Verdict
from yett.wire.clock import NEVER
from yett.wire.tasks import spawn

# The recorder and the fetcher of keys have their own bounds; this one is the gate's. A question
# that is not answered in time counts as answered with no.
QUESTION_SECONDS = 15.0
RECORD_STEP = 16


class Call(Relay):
    """One request from its head to its record.

    Attributes:
        held: the client is held back because the upstream reads slower.
        upload: what reads the body, None before somebody wants it.
    """

    __slots__ = ("_steps", "held", "upload")

    _steps: Generator[Question, Any, Decision]

    def begin(self) -> None:
        """Run the steps."""
        connection, head = self.connection, self.head
        gate, passed, target = connection.gate, head.passed, head.target
        self.started = perf_counter()
        self.upload: Upload | None = None
        self.held = False
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
        )
        self.x = Exchange(self.current.program, request, gate.view, time())
        if gate.sink.full and self.current.settings.block_unrecorded:
            self._decided(_refusal(RECORD_STEP, NOT_RECORDED(headers=((b"retry-after", b"1"),))))
            return
        self._steps = decide(self.x)
        self._go(None)

    def _go(self, answer: Any) -> None:
        """Resume the steps with an answer."""
        try:
            question = self._steps.send(answer)
        except StopIteration as stop:
            self._decided(stop.value)
            return
        except Exception as error:  # noqa: BLE001 — a bug in a rule must refuse, not let through
            self.connection.gate.on_error(error)
            self._decided(_refusal(self._last_step(), INTERNAL(close=True)))
            return
        self._ask(question)

    def _ask(self, question: Question) -> None:
        if isinstance(question, ReadBody):
            self._read(question.limit, streaming=False)
            return
        self.connection.deadline = NEVER
        spawn(self._await(question), "question")

    async def _await(self, question: FetchKeys | MakeDurable) -> None:
        gate = self.connection.gate
        answer = False
        try:
            async with asyncio.timeout(QUESTION_SECONDS):
                if isinstance(question, FetchKeys):
                    answer = await gate.fetch_keys(question.issuer, question.kid)
                elif isinstance(question, MakeDurable):
                    answer = await gate.sink.durable(question.event)
                else:
                    assert_never(question)
        except Exception as error:  # noqa: BLE001 — an adapter's failure is a no
            gate.on_error(error)
        if not self.over:
            self._go(answer)

    def _decided(self, decision: Decision) -> None:
        self.decision = decision
        if decision.problem is not None:
            self.write_problem(decision.problem)
        elif decision.reply is not None:
            self.write_reply(*decision.reply)
        else:
            assert decision.forward is not None
            self.forward(decision.forward)

    def _read(self, limit: int, *, streaming: bool) -> None:
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
            self._go(body)
        else:
            self.await_response()

    def upload_refused(self, problem: Problem) -> None:
        """The body is too large or malformed."""
        self.connection.read_body(reading=False)
        if self.decision is None:
            self._go(problem)
        elif not self.over:
            self.break_off(problem)

    def upstream_ready(self) -> None:
        """The head is on its way to the upstream; now the body may follow."""
        assert self.x.plan is not None
        self._read(self.x.plan.operation.max_body, streaming=True)

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
            self._steps.close()
            self._decided(_refusal(self._last_step(), REQUEST_TIMEOUT(close=True)))
            return
        if self.ends <= self.connection.gate.clock.now:
            self.break_off(CREDENTIAL_EXPIRED(note="while its answer was streamed"))
        else:
            slow_client = self.more and not self.held
            self.break_off(REQUEST_TIMEOUT(close=True) if slow_client else UPSTREAM_TIMEOUT())

    def client_gone(self) -> None:
        """The client's connection is lost: give up and record what happened until now."""
        if self.over:
            return
        if self.decision is None:
            self._steps.close()
            self.decision = _refusal(self._last_step(), REQUEST_TIMEOUT(note="the client left"))
        else:
            self.give_up()
        self.settle()

    def _last_step(self) -> int:
        return 8 if self.upload is not None else 1


def _refusal(step: int, problem: Problem) -> Decision:
    return Decision(verdict=Verdict.REFUSE, step=step, problem=problem)
