"""One request in the service: what was decided, what it holds, what was sent; recorded once.

Driven by an adapter that can wait (`asgi_http.py`) or block (`wsgi.py`); does no I/O itself.
Steps 1 to 12 and 16 of docs/life-of-a-request.md.
"""

from __future__ import annotations

from collections.abc import Generator
from time import perf_counter, time
from typing import Any

from msgspec.structs import replace

from yett.engine import record
from yett.engine.decide import again, decide
from yett.engine.exchange import Exchange
from yett.engine.questions import Question
from yett.engine.release import RELEASE_STEP
from yett.gate.within.core import Core, Current
from yett.gate.within.incoming import Incoming
from yett.problems import INTERNAL, NOT_RECORDED, REQUEST_TIMEOUT, UNDECLARED_PATH, Problem
from yett.state.locks import Held
from yett.terms import Decision, Principal, Verdict

RECORD_STEP = 16


class Caller:
    """What the application may know of its caller: `scope["yett"]`, `environ["yett.caller"]`.

    Attributes:
        principal: who is asking.
        operation: id of the operation, empty in a read that a rule makes.
        request_id: under which the record of the request will be found.
        exchange: for `yett.allowed`.
    """

    __slots__ = ("exchange", "operation")

    def __init__(self, exchange: Exchange, operation: str) -> None:
        self.exchange = exchange
        self.operation = operation

    @property
    def principal(self) -> Principal:
        """Who is asking; `ANONYMOUS` where the operation is public."""
        return self.exchange.principal

    @property
    def request_id(self) -> str:
        """The request's id, which its answer carries as `yett-request-id`."""
        return self.exchange.request.id

    def __repr__(self) -> str:
        return f"Caller({self.operation!r}, {self.request_id!r})"


class Visit:
    """One request from its head to its record.

    Attributes:
        core: what requests share; `current` what this one began with.
        incoming: the request as it was read.
        x: the engine's working state.
        decision: None until decided.
        held: the records that this request alone may write.
        keys: their keys.
        reading: the whole body was asked for.
        read: the whole body was read, and is the engine's to forward.
        asked: something was asked of the application before the decision.
        repeated: the record had changed once since it was read, and was decided about again.
        received, sent: bytes of the bodies.
        status: sent to the client, 0 before; `upstream_status`: what the application said.
    """

    __slots__ = (
        "asked",
        "core",
        "current",
        "decision",
        "held",
        "incoming",
        "keys",
        "over",
        "read",
        "reading",
        "received",
        "repeated",
        "sent",
        "started",
        "status",
        "upstream_status",
        "x",
    )

    def __init__(self, core: Core, incoming: Incoming) -> None:
        self.core = core
        self.current: Current = core.current
        self.incoming = incoming
        self.started = perf_counter()
        self.x = Exchange(self.current.program, incoming.request, self.current.view, time())
        self.decision: Decision | None = None
        self.held: tuple[Held, ...] = ()
        self.keys: tuple[str, ...] = ()
        self.reading = self.read = self.asked = self.repeated = self.over = False
        self.received = self.sent = self.status = self.upstream_status = 0

    def decide(self) -> Generator[Question, Any, Decision]:
        """Run the steps; whatever happens in them, a decision comes out."""
        if self.core.sink.full and self.current.settings.block_unrecorded:
            problem = NOT_RECORDED(headers=((b"retry-after", b"1"),))
            self.decision = refusal(RECORD_STEP, problem)
            return self.decision
        return (yield from self._run(decide(self.x)))

    def decide_again(self) -> Generator[Question, Any, Decision]:
        """Decide on the record once more, because it is not the one that was read."""
        self.repeated = True
        return (yield from self._run(again(self.x)))

    def _run(self, steps: Generator[Question, Any, Decision]) -> Generator[Question, Any, Decision]:
        try:
            decision = yield from steps
        except Exception as error:  # noqa: BLE001 — a bug in a rule must refuse, not let through
            self.core.on_error(error)
            decision = self.refusal(INTERNAL(close=True))
        if self.x.plan is not None and self.x.plan.operation.pages:
            decision = refusal(1, UNDECLARED_PATH())  # a gate serves the issuer, no application
        self.decision = decision
        return decision

    def refusal(self, problem: Problem) -> Decision:
        """Make a refusal of the gate's own, at the step that was under way."""
        return refusal(11 if self.asked or self.held else 8 if self.reading else 1, problem)

    def left(self) -> None:
        """Note that the client is gone before anything was decided."""
        if self.decision is None:
            self.decision = self.refusal(REQUEST_TIMEOUT(note="the client left"))

    def blame(self, problem: Problem) -> None:
        """Note what became of an allowed request on its way."""
        if self.decision is None:
            self.decision = self.refusal(problem)
        elif self.decision.problem is None:
            self.decision = replace(self.decision, problem=problem)

    def withhold(self, problem: Problem) -> None:
        """Note that the application's answer may not leave: a refusal, at the step that said so."""
        assert self.decision is not None
        self.decision = replace(
            self.decision, verdict=Verdict.REFUSE, step=RELEASE_STEP, problem=problem
        )

    def caller(self, *, read: bool = False) -> Caller:
        """Make what the application is told; `read`: in a read that a rule makes."""
        plan = self.x.plan
        return Caller(self.x, plan.operation.id if plan is not None and not read else "")

    def settle(self) -> None:
        """Leave the counters and record the event, once; call it with the core's guard."""
        if self.over:
            return
        self.over = True
        self.x.release()
        self.left()
        assert self.decision is not None
        event = record.event(
            self.x,
            self.decision,
            status=self.status,
            upstream_status=self.upstream_status,
            bytes_in=self.received,
            bytes_out=self.sent,
            seconds=perf_counter() - self.started,
        )
        self.core.sink.append(event)

    def let_go(self) -> None:
        """Let others write the records that were held."""
        held, self.held = self.held, ()
        for one in held:
            one.release()


def refusal(step: int, problem: Problem) -> Decision:
    """Make a refusal."""
    return Decision(verdict=Verdict.REFUSE, step=step, problem=problem)
