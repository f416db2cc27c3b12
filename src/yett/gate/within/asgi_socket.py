"""One WebSocket in an ASGI service: the handshake is decided as a request, then messages pass.

Only on operations that declare it, only for pages of this host or a configured one (CWE-1385); it
ends when the credential does. Messages are not looked into. A refusal before the handshake is an
HTTP answer where the server can give one, else a close with code 4403 (which it turns into a 403).
RFC 6455 s4, ASGI WebSocket 2.3.
"""

from __future__ import annotations

import asyncio

from yett.gate.handshake import check_origin
from yett.gate.within.asgi_asking import Asking
from yett.gate.within.asgi_scope import App, Message, Receive, Scope, Send, call_scope, heard
from yett.gate.within.core import Core
from yett.gate.within.incoming import read_heard
from yett.gate.within.outgoing import forwarded
from yett.gate.within.standing import Watch
from yett.gate.within.visit import Visit
from yett.gate.within.writing import Out, refuse_unread, refused
from yett.problems import MALFORMED_REQUEST, Problem
from yett.terms import Forward

REFUSED, EXPIRED = 4403, 4401  # RFC 6455 s7.4.2: 4000 to 4999 are the application's to choose
_ANSWERS = "websocket.http.response"


async def serve_socket(core: Core, app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket from its handshake to its end."""
    first = await receive()
    if first["type"] != "websocket.connect":
        return
    told = heard(scope)
    request_id = core.next_id()
    incoming = read_heard(core, told, request_id)
    if isinstance(incoming, Problem):
        out = refuse_unread(core, told.address, request_id, incoming, told.secure)
        await _deny(scope, send, out)
        return
    visit = Visit(core, incoming)
    try:
        forward = await _decide(visit, app, scope)
        if isinstance(forward, Problem):
            await _deny(scope, send, refused(visit, forward))
        else:
            await _Socket(visit, receive, send, first).serve(app, scope, forward)
    finally:
        visit.settle()
        visit.let_go()


async def _decide(visit: Visit, app: App, scope: Scope) -> Forward | Problem:
    decision = await Asking(visit, app, scope, None).run(visit.decide())
    if decision.problem is not None:
        return decision.problem
    plan, request = visit.x.plan, visit.x.request
    problem: Problem | None = None
    if decision.forward is None or plan is None or not plan.operation.websocket:
        problem = MALFORMED_REQUEST("this operation is no WebSocket")
    else:
        origins = visit.current.program.policy.config.cors.origins
        problem = check_origin(request.headers, request.authority, origins, secure=request.secure)
    if problem is not None:
        visit.blame(problem)
        return problem
    assert decision.forward is not None
    return decision.forward


async def _deny(scope: Scope, send: Send, out: Out) -> None:
    if _ANSWERS not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": REFUSED})
        return
    await send({"type": f"{_ANSWERS}.start", "status": out.status, "headers": out.fields})
    await send({"type": f"{_ANSWERS}.body", "body": out.body, "more_body": False})


class _Socket:
    """One WebSocket that the application may answer."""

    def __init__(self, visit: Visit, receive: Receive, send: Send, first: Message) -> None:
        self._visit = visit
        self._receive = receive
        self._send = send
        self._first: Message | None = first

    async def serve(self, app: App, scope: Scope, forward: Forward) -> None:
        call = forwarded(self._visit, forward)
        why: list[Problem] = []
        limit = asyncio.timeout(None)

        def end(problem: Problem) -> None:
            why.append(problem)
            limit.reschedule(asyncio.get_running_loop().time())

        try:
            async with limit:
                watch = Watch(self._visit, "WebSocket was open", end)
                try:
                    await app(call_scope(scope, call), self._hear, self._say)
                finally:
                    watch.stop()
        except TimeoutError:
            if not why:
                raise
            self._visit.blame(why[0])
            await self._send({"type": "websocket.close", "code": EXPIRED})

    async def _hear(self) -> Message:
        message, self._first = self._first, None
        if message is None:
            message = await self._receive()
        self._visit.received += _size(message)
        return message

    async def _say(self, message: Message) -> None:
        visit = self._visit
        if message["type"] == "websocket.accept":
            visit.status = visit.upstream_status = 101
        elif message["type"] == "websocket.close" and not visit.status:
            visit.status = visit.upstream_status = 403
        elif message["type"] == f"{_ANSWERS}.start":
            visit.status = visit.upstream_status = int(message["status"])
        visit.sent += _size(message)
        await self._send(message)


def _size(message: Message) -> int:
    return len(message.get("bytes") or b"") + len((message.get("text") or "").encode())
