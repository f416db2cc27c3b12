"""One HTTP request in an ASGI service: decided, passed to the application, its answer released.

The application is called in this very task: its cancellation, context and exceptions are its own.
An exception that leaves it is answered for it and goes on to the server, which writes it down.
"""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from yett.engine.exchange import Exchange
from yett.gate.within.answering import Answering, BrokenError
from yett.gate.within.asgi_asking import Asking
from yett.gate.within.asgi_body import Body, ClientLeftError, Replay
from yett.gate.within.asgi_scope import App, Message, Receive, Scope, Send, call_scope, heard
from yett.gate.within.core import Core
from yett.gate.within.incoming import Heard, read_heard
from yett.gate.within.outgoing import Outgoing, forwarded
from yett.gate.within.standing import Watch
from yett.gate.within.visit import Visit
from yett.gate.within.writing import Out, refuse_unread, refused, whole
from yett.problems import (
    MALFORMED_REQUEST,
    UPSTREAM_BROKEN,
    UPSTREAM_FAILED,
    UPSTREAM_TIMEOUT,
    Problem,
)
from yett.terms import Decision, Forward
from yett.wire import serialize

# What an application still does after its answer (a transaction that ends, a task in the
# background) may write the record; so long, and no longer, the next writer waits for it.
AFTERWARDS_SECONDS = 5.0
_HTTP1 = frozenset({"1.0", "1.1"})


async def serve_http(core: Core, app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request."""
    told = heard(scope)
    first = None
    if str(scope.get("http_version", "1.1")) not in _HTTP1 and not _framed(told):
        first = await _peek(core, receive)
        unframed = first is None or bool(first.get("body") or first.get("more_body"))
        told = replace(told, unframed=unframed)
    request_id = core.next_id()
    incoming = read_heard(core, told, request_id)
    if isinstance(incoming, Problem):
        await _put(send, refuse_unread(core, told.address, request_id, incoming, told.secure))
        return
    visit = Visit(core, incoming)
    try:
        await _Request(visit, app, scope, Body(visit, receive, first), send).serve()
    finally:
        visit.settle()
        visit.let_go()


def _framed(told: Heard) -> bool:
    return any(name == b"content-length" for name, _ in told.fields)


async def _peek(core: Core, receive: Receive) -> Message | None:
    """HTTP/2 needs no field to announce a body: whether there is one shows in the first message."""
    try:
        async with asyncio.timeout(core.current.settings.head_timeout):
            return await receive()
    except TimeoutError:
        return None


async def _put(send: Send, out: Out) -> None:
    if out.status:
        await send({"type": "http.response.start", "status": out.status, "headers": out.fields})
    if out.body or out.done:
        await send({"type": "http.response.body", "body": out.body, "more_body": not out.done})


class _Request:
    """One request that is being served."""

    def __init__(self, visit: Visit, app: App, scope: Scope, body: Body, send: Send) -> None:
        self._visit = visit
        self._app = app
        self._scope = scope
        self._body = body
        self._send = send
        self._asking = Asking(visit, app, scope, body)
        self._answering: Answering
        self._limit: asyncio.Timeout
        self._ended: Problem | None = None
        self._watch: Watch | None = None

    async def serve(self) -> None:
        visit = self._visit
        try:
            decision = await self._asking.run(visit.decide())
            while (forward := await self._carry_out(decision)) is not None:
                await self._forward(forward)
                if not self._answering.again:
                    return
                decision = await self._asking.run(visit.decide_again())
        except ClientLeftError:
            visit.left()

    async def _carry_out(self, decision: Decision) -> Forward | None:
        """Answer, or say what to send on."""
        visit = self._visit
        if decision.problem is not None:
            await _put(self._send, refused(visit, decision.problem))
            return None
        if decision.reply is not None:
            status, fields = decision.reply
            await _put(self._send, whole(visit, status, serialize.lines(fields), decision.content))
            return None
        problem = _unfit(visit.x)
        if problem is not None:
            visit.blame(problem)
            await _put(self._send, refused(visit, problem))
            return None
        return decision.forward

    async def _forward(self, forward: Forward) -> None:
        """Call the application once."""
        self._answering = Answering(self._visit, forward)
        call = forwarded(self._visit, forward)
        receive = self._stream if call.body is None else self._replay(call)
        error: Exception | None = None
        try:
            async with asyncio.timeout_at(self._asking.due) as self._limit:
                try:
                    await self._app(call_scope(self._scope, call), receive, self._take)
                finally:
                    self._unwatch()
        except TimeoutError as late:
            error = None if self._limit.expired() else late
            await self._end(self._late() if error is None else _failed(late))
        except BrokenError:
            raise
        except Exception as failed:  # noqa: BLE001 — whatever the application does
            error = failed
            await self._end(_failed(failed))
        else:
            await self._end(UPSTREAM_BROKEN(note="the service gave no whole answer"))
        if error is not None and not (self._body.left or self._answering.again):
            raise error  # answered; the server writes it down

    def _late(self) -> Problem:
        return self._ended or UPSTREAM_TIMEOUT()

    def _replay(self, call: Outgoing) -> Receive:
        assert call.body is not None
        return Replay(call.body, self._body.stream).receive

    async def _stream(self) -> Message:
        """Hand on more of the body; the time that the client takes is not the application's."""
        self._bound(None)
        message = await self._body.stream()
        if not (self._answering.done or self._answering.streams):
            self._bound(self._asking.due)
        return message

    def _bound(self, when: float | None) -> None:
        if not self._limit.expired():
            self._limit.reschedule(when)

    async def _take(self, message: Message) -> None:
        """Take what the application sends, as its `send`."""
        answering = self._answering
        if answering.ended and not answering.again:
            raise RuntimeError("the answer was complete")
        if self._body.refused is not None:
            return  # whatever it says to half a body: the client is told why
        if message["type"] == "http.response.start":
            answering.take_head(message["status"], list(message.get("headers", ())))
            if answering.asks is not None:
                await self._witness()
            await self._pass_on(answering.start())
        elif message["type"] == "http.response.body":
            more = message.get("more_body", False)
            data = bytes(message.get("body", b""))
            await self._pass_on(answering.take(data, complete=not more))
        else:
            await self._pass_on(answering.fail(UPSTREAM_BROKEN(note="an unknown kind of message")))

    async def _witness(self) -> None:
        """Have the outcome of a sensitive operation on disk before a byte of it leaves."""
        event, durable = self._answering.asks, False
        assert event is not None
        try:
            durable = await self._visit.core.sink.durable(event)
        except Exception as error:  # noqa: BLE001 — a recorder's failure is a no
            self._visit.core.on_error(error)
        self._answering.hear(durable=durable)

    async def _pass_on(self, out: Out | None) -> None:
        if out is None:
            return
        await _put(self._send, out)
        visit = self._visit
        if self._answering.done:
            self._unwatch()
            self._bound(None)
            visit.settle()
            for held in visit.held:
                asyncio.get_running_loop().call_later(AFTERWARDS_SECONDS, held.release)
        elif out.status and visit.x.plan is not None and visit.x.plan.operation.stream_response:
            self._bound(None)
            self._watch = self._watch or Watch(visit, "answer was streamed", self._cut)

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.stop()

    def _cut(self, problem: Problem) -> None:
        """End a stream whose credential is good no longer."""
        self._ended = problem
        self._bound(asyncio.get_running_loop().time())

    async def _end(self, problem: Problem) -> None:
        """Complete what the application did not."""
        answering = self._answering
        if answering.done:
            return
        if self._body.refused is not None:
            problem = self._body.refused
        if self._body.left and not answering.begun:
            self._visit.blame(UPSTREAM_BROKEN(note="the client left"))
            return
        await _put(self._send, answering.fail(problem))


def _failed(error: Exception) -> Problem:
    return UPSTREAM_FAILED(note=f"the service failed with {type(error).__name__}")


def _unfit(x: Exchange) -> Problem | None:
    """A WebSocket is not asked for by a plain request."""
    if x.plan is None or not x.plan.operation.websocket:
        return None
    headers = ((b"upgrade", b"websocket"),)
    return MALFORMED_REQUEST("this operation is a WebSocket of version 13", headers=headers)
