"""The engine's questions, answered: a generator is resumed until it has decided.

Plain callbacks where the answer comes by one (a body, a record of the service); a task only where
something must be awaited (keys, a lock, an fsync). What cannot be answered is answered with no.
What was locked for the request stays so until it is over.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from yett.engine.approvals import ApprovalQuestion
from yett.engine.decide import again
from yett.engine.questions import (
    FetchKeys,
    Introspect,
    LockRecord,
    MakeDurable,
    Question,
    ReadBody,
    ReadRecord,
    RecordRead,
)
from yett.gate.reading import Reading, read_block
from yett.gate.relay import Relay
from yett.problems import (
    INTERNAL,
    RECORD_CHANGED,
    RECORD_UNREADABLE,
    UPSTREAM_TIMEOUT,
    Problem,
)
from yett.terms import Decision
from yett.wire.clock import NEVER
from yett.wire.lines import names
from yett.wire.tasks import spawn

if TYPE_CHECKING:
    from yett.state.locks import Held

# The recorder and the fetcher of keys have their own bounds; this one is the gate's. A question
# that is not answered in time counts as answered with no.
QUESTION_SECONDS = 15.0
# How long others may write a record before who comes is sent away.
LOCK_SECONDS = 5.0
# The engine builds targets from parts that are encoded; a bug there must not split a request.
TARGET = re.compile(r"/[\x21-\x7e]*")


class Asking(Relay):
    """Resumes the steps of one request with answers.

    Attributes:
        reading: the record that is being read, None while none is.
        waiting: the wait for a lock, None while there is none.
        repeated: the record was changed once since it was read, and decided about again.
    """

    __slots__ = ("_keys", "_steps", "reading", "repeated", "waiting")

    _steps: Generator[Question, Any, Decision]

    # Set by the call when it begins: one more `__init__` in the chain costs 0.15 us.
    reading: Reading | None
    waiting: asyncio.Task[None] | None
    repeated: bool
    _keys: tuple[str, ...]

    def go_on(self, answer: Any) -> None:
        """Resume the steps with an answer."""
        try:
            question = self._steps.send(answer)
        except StopIteration as stop:
            self.decided(stop.value)
            return
        except Exception as error:  # noqa: BLE001 — a bug in a rule must refuse, not let through
            self.connection.gate.on_error(error)
            self.refuse(INTERNAL(close=True))
            return
        if isinstance(question, ReadBody):
            self.read_body(question.limit)
        elif isinstance(question, ReadRecord):
            self._read(question)
        elif isinstance(question, LockRecord):
            self._lock(question.key, wait=question.wait)
        else:
            self.connection.deadline = NEVER
            spawn(self._await(question), "question")

    async def _await(
        self, question: FetchKeys | Introspect | MakeDurable | ApprovalQuestion
    ) -> None:
        gate = self.connection.gate
        answer: Any = False
        try:
            async with asyncio.timeout(QUESTION_SECONDS):
                if isinstance(question, FetchKeys):
                    answer = await gate.fetch_keys(question.issuer, question.kid)
                elif isinstance(question, Introspect):
                    answer = await gate.introspect(question.issuer, question.token)
                elif isinstance(question, MakeDurable):
                    answer = await gate.sink.durable(question.event)
                else:
                    answer = await gate.approvals(question)
        except Exception as error:  # noqa: BLE001 — an adapter's failure is a no
            gate.on_error(error)
        if not self.over:
            self.go_on(answer)

    def _read(self, question: ReadRecord) -> None:
        """Read a record; all that is asked of the service shares the operation's time."""
        self._set_due()
        self.connection.deadline = self.due
        current = self.current
        pool = current.pools.get(question.upstream)
        if pool is None or TARGET.fullmatch(question.target) is None:
            self.go_on(RECORD_UNREADABLE(note="the contract gives no way to read it"))
            return
        bearer = None
        if current.reads_as_service and not question.own:
            bearer = current.bearer()
            if bearer is None:
                self.go_on(RECORD_UNREADABLE(note="there is no token to read with"))
                return
        block = read_block(self.head.passed.block, bearer, current.schemes, self.x.without)
        block += b"yett-request-id: %b\r\n" % self.x.request.id.encode()
        self.reading = Reading(pool, question.target, block, question.limit, self._told)
        self.reading.begin()

    def _told(self, read: RecordRead | Problem) -> None:
        self.reading = None
        self.go_on(read)

    def _set_due(self) -> None:
        now = self.connection.gate.clock.now
        if self.due <= now:
            self.due = now + self.patience()

    def _lock(self, key: str, *, wait: bool) -> None:
        """Hold a record until the request is over; at once where nobody else writes it."""
        if key in self._keys:
            self.go_on(answer=True)  # decided again: it is still ours
            return
        self._set_due()
        gate = self.connection.gate
        try:
            held = gate.locks.seize(key)
        except OSError as error:  # a lock that fails is not held
            gate.on_error(error)
            self.go_on(answer=False)
            return
        if held is not None or not wait:
            self._locked(key, held)
            return
        self.connection.deadline = NEVER
        self.waiting = spawn(self._wait(key), "lock")

    async def _wait(self, key: str) -> None:
        gate = self.connection.gate
        held = None
        try:
            held = await gate.locks.take(key, min(LOCK_SECONDS, self.due - gate.clock.now))
        except Exception as error:  # noqa: BLE001 — a lock that fails is not held
            gate.on_error(error)
        self.waiting = None
        if self.over:
            if held is not None:
                held.release()
        else:
            self._locked(key, held)

    def _locked(self, key: str, held: Held | None) -> None:
        if held is not None:
            self._keys += (key,)
            self.locks += (held,)
        self.go_on(held is not None)

    def changed(self) -> bool:
        """Decide once more where the record is not the one that was decided about.

        Only for a condition of our own: a client's `If-Match` is its own affair, and so is the 412.
        """
        if b"if-match" not in names(self.x.extra) or self.streamed:
            return False
        self.give_up()
        if self.repeated:
            self.fail(RECORD_CHANGED())
            return True
        self.repeated = True
        self.given_up = False
        self.decision = None
        self._steps = again(self.x)
        self.go_on(None)
        return True

    def stop_asking(self) -> None:
        """Let go of whatever is being waited for; the steps are not resumed any more."""
        self._steps.close()
        if self.reading is not None:
            self.reading.stop()
            self.reading = None
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None

    def out_of_time(self) -> None:
        """The service has not given a record in time."""
        assert self.reading is not None
        self.reading.stop()
        self._told(UPSTREAM_TIMEOUT(note="while a record was read"))

    def read_body(self, limit: int) -> None:
        """Read the client's body; the call overrides it."""

    def decided(self, decision: Decision) -> None:
        """Carry a decision out; the call overrides it."""

    def refuse(self, problem: Problem) -> None:
        """End the run with a problem of the gate's own; the call overrides it."""
