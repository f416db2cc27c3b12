"""The engine's questions in an ASGI service: answered with awaits. What fails is answered with no.

A record is read by calling the application itself, without the middleware, as a plain GET: nothing
leaves the process. What is locked stays so until the request is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

from yett.engine.approvals import ApprovalQuestion
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
from yett.gate.within.asgi_body import Body, Replay
from yett.gate.within.asgi_scope import App, Message, Scope, call_scope
from yett.gate.within.outgoing import Found, asked
from yett.gate.within.visit import Visit
from yett.problems import RECORD_UNREADABLE, UPSTREAM_TIMEOUT, Problem
from yett.terms import Decision


class Asking:
    """Answers the questions about one request.

    Args:
        visit: the request.
        app: the application.
        scope: the request's, as the server made it.
        body: its body.
    """

    __slots__ = ("_app", "_body", "_due", "_scope", "_visit")

    def __init__(self, visit: Visit, app: App, scope: Scope, body: Body | None) -> None:
        self._visit = visit
        self._app = app
        self._scope = scope
        self._body = body
        self._due = 0.0

    @property
    def due(self) -> float:
        """When all that is asked of the application must be there, on the loop's clock."""
        now = asyncio.get_running_loop().time()
        if self._due <= now:
            plan = self._visit.x.plan
            own = plan.operation.timeout if plan is not None else 0.0
            self._due = now + (own or self._visit.current.settings.upstream_timeout)
        return self._due

    async def run(self, steps: Generator[Question, Any, Decision]) -> Decision:
        """Run steps to their decision.

        Raises:
            ClientLeftError: nobody waits for one.
        """
        answer: Any = None
        while True:
            try:
                question = steps.send(answer)
            except StopIteration as stop:
                decision: Decision = stop.value
                return decision
            answer = await self._answer(question)

    async def _answer(self, question: Question) -> Any:
        if isinstance(question, ReadBody):
            return await self._body.read(question.limit) if self._body is not None else b""
        if isinstance(question, ReadRecord):
            return await self._read(question)
        visit = self._visit
        try:
            if isinstance(question, LockRecord):
                return await self._lock(question)
            async with asyncio.timeout(QUESTION_SECONDS):
                return await _ask(visit, question)
        except Exception as error:  # noqa: BLE001 — an adapter's failure is a no
            visit.core.on_error(error)
            return False

    async def _lock(self, question: LockRecord) -> bool:
        """Hold a record until the request is over."""
        visit, key = self._visit, question.key
        if key in visit.keys:
            return True  # decided again: it is still ours
        visit.asked = True
        locks = visit.core.locks
        held = locks.seize(key)
        if held is None and question.wait:
            left = self.due - asyncio.get_running_loop().time()
            held = await locks.take(key, min(LOCK_SECONDS, left))
        if held is None:
            return False
        visit.held += (held,)
        visit.keys += (key,)
        return True

    async def _read(self, question: ReadRecord) -> RecordRead | Problem:
        visit = self._visit
        visit.asked = True
        call = asked(visit, question)
        if isinstance(call, Problem):
            return call
        found = Found(visit, question.limit)
        replay = Replay(b"")

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                found.start(message["status"], list(message.get("headers", ())))
            elif message["type"] == "http.response.body":
                more = message.get("more_body", False)
                found.take(bytes(message.get("body", b"")), complete=not more)
            if found.complete or found.problem is not None:
                replay.end()

        scope = call_scope(self._scope, call) | {"type": "http", "method": "GET"}
        try:
            async with asyncio.timeout_at(self.due):
                await self._app(scope, replay.receive, send)
        except TimeoutError:
            return UPSTREAM_TIMEOUT(note="while a record was read")
        except Exception as error:  # noqa: BLE001 — whatever the application does
            if not found.complete:
                return RECORD_UNREADABLE(note=f"the service failed with {type(error).__name__}")
        return found.end()


async def _ask(
    visit: Visit, question: FetchKeys | Introspect | MakeDurable | ApprovalQuestion
) -> Any:
    if isinstance(question, FetchKeys):
        return await visit.current.view.fetch_keys(question.issuer, question.kid)
    if isinstance(question, Introspect):
        return await visit.current.view.introspect(question.issuer, question.token)
    if isinstance(question, MakeDurable):
        return await visit.core.sink.durable(question.event)
    desk = visit.current.desk
    return await desk(question) if desk is not None else False
