"""The engine's questions in a WSGI service: answered by waiting. What fails is answered with no.

The engine itself runs under the core's guard, because its state is made for one thread; nobody
holds the guard while waiting. A record is read by calling the application as a plain GET.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterable
from typing import Any

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
from yett.gate.asking import LOCK_SECONDS, QUESTION_SECONDS
from yett.gate.within.outgoing import Found, asked
from yett.gate.within.visit import Visit
from yett.gate.within.wsgi_environ import Environ, call_environ
from yett.gate.within.wsgi_input import Body
from yett.gate.within.wsgi_loop import LoopThread
from yett.problems import RECORD_UNREADABLE, Problem
from yett.state.locks import Held, Locks
from yett.terms import Decision

StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, StartResponse], Iterable[bytes]]
Head = tuple[int, list[tuple[bytes, bytes]]]


class Asking:
    """Answers the questions about one request.

    Args:
        visit: the request.
        app: the application.
        environ: the request's, as the server made it.
        body: its body.
        loop: the loop of this process.
    """

    __slots__ = ("_app", "_body", "_environ", "_loop", "_visit")

    def __init__(
        self, visit: Visit, app: App, environ: Environ, body: Body, loop: LoopThread
    ) -> None:
        self._visit = visit
        self._app = app
        self._environ = environ
        self._body = body
        self._loop = loop

    def run(self, steps: Generator[Question, Any, Decision]) -> Decision:
        """Run steps to their decision.

        Raises:
            ClientLeftError: nobody waits for one.
        """
        answer: Any = None
        while True:
            try:
                with self._visit.core.guard:
                    question = steps.send(answer)
            except StopIteration as stop:
                decision: Decision = stop.value
                return decision
            answer = self._answer(question)

    def _answer(self, question: Question) -> Any:
        if isinstance(question, ReadBody):
            return self._body.collect(question.limit)
        if isinstance(question, ReadRecord):
            return self._read(question)
        visit, loop = self._visit, self._loop
        try:
            if isinstance(question, LockRecord):
                return self._lock(question)
            if isinstance(question, FetchKeys):
                fetching = visit.current.view.fetch_keys(question.issuer, question.kid)
                return loop.ask(fetching, QUESTION_SECONDS)
            if isinstance(question, Introspect):
                asking = visit.current.view.introspect(question.issuer, question.token)
                return loop.ask(asking, QUESTION_SECONDS)
            if isinstance(question, MakeDurable):
                return loop.ask(visit.core.sink.durable(question.event), QUESTION_SECONDS)
            desk = visit.current.desk
            return desk.answer(question) if desk is not None else False
        except Exception as error:  # noqa: BLE001 — an adapter's failure is a no
            visit.core.on_error(error)
            return False

    def _lock(self, question: LockRecord) -> bool:
        """Hold a record until the request is over."""
        visit, key = self._visit, question.key
        if key in visit.keys:
            return True  # decided again: it is still ours
        visit.asked = True
        held = self._loop.ask(_hold(visit.core.locks, question), QUESTION_SECONDS)
        if held is None:
            return False
        visit.held += (held,)
        visit.keys += (key,)
        return True

    def _read(self, question: ReadRecord) -> RecordRead | Problem:
        visit = self._visit
        visit.asked = True
        call = asked(visit, question)
        if isinstance(call, Problem):
            return call
        found = Found(visit, question.limit)
        heads: list[Head] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            heads[:] = [read_head(status, headers)]
            return write

        def write(data: bytes) -> None:
            if heads and data:
                with visit.core.guard:
                    found.start(*heads.pop())
            found.take(data, complete=False)

        environ = call_environ(self._environ, call, io.BytesIO())
        try:
            collect(self._app(environ, start), write, lambda: found.problem is not None)
        except Exception as error:  # noqa: BLE001 — whatever the application does
            return RECORD_UNREADABLE(note=f"the service failed with {type(error).__name__}")
        with visit.core.guard:
            if heads:
                found.start(*heads.pop())
            found.take(b"", complete=True)
            return found.end()


def collect(
    pieces: Iterable[bytes], take: Callable[[bytes], None], enough: Callable[[], bool]
) -> None:
    """Hand over an application's pieces, and close it whatever happens (PEP 3333)."""
    try:
        for piece in pieces:
            if piece:
                take(bytes(piece))
            if enough():
                break
    finally:
        close(pieces)


def close(pieces: Iterable[bytes]) -> None:
    """Tell an application that its answer was taken, where it wants to know."""
    closing = getattr(pieces, "close", None)
    if closing is not None:
        closing()


def read_head(status: str, headers: list[tuple[str, str]]) -> Head:
    """Read what an application gave to `start_response`; nonsense becomes a refused head."""
    fields = [(_latin(name), _latin(value)) for name, value in headers]
    code = str(status)[:3]
    return int(code) if code.isascii() and code.isdigit() else 0, fields


def _latin(text: object) -> bytes:
    return str(text).encode("latin-1", "replace")


async def _hold(locks: Locks, question: LockRecord) -> Held | None:
    """Take a record on the loop, where the queues of its writers are."""
    key = question.key
    return await locks.take(key, LOCK_SECONDS) if question.wait else locks.seize(key)
