"""The life of an ASGI service: yett's own parts start before the application and stop after it.

An application that knows no lifespan (Django) is spared it: then yett answers the server itself.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from yett.gate.within.asgi_scope import App, Message, Receive, Scope, Send

_LOG = logging.getLogger("yett.within")

Act = Callable[[], Awaitable[None]]


async def serve_lifespan(
    app: App, scope: Scope, receive: Receive, send: Send, *, start: Act, stop: Act
) -> None:
    """Pass the lifespan on.

    Args:
        app: the application.
        scope: the lifespan's, with `receive` and `send` of the server.
        receive: the server's.
        send: the server's.
        start: starts yett's parts; what it raises keeps the service from starting.
        stop: stops them.
    """
    first = await receive()
    try:
        await start()
    except Exception as error:  # noqa: BLE001 — whatever it is, the service must not start
        _LOG.error("yett cannot start: %s", error)
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    life = _Life(receive, send, first, stop)
    try:
        await app(scope, life.hear, life.say)
    except Exception:
        # An application that raises before it says a word knows no lifespan, and runs without one
        # (ASGI, "Lifespan Protocol"); one that has spoken failed.
        if life.spoken:
            raise
    finally:
        await life.finish()


class _Life:
    def __init__(self, receive: Receive, send: Send, first: Message, stop: Act) -> None:
        self._receive = receive
        self._send = send
        self._first: Message | None = first
        self._stop = stop
        self._ending = self._stopped = False
        self.spoken = False

    async def hear(self) -> Message:
        message, self._first = self._first, None
        if message is None:
            message = await self._receive()
        self._ending = self._ending or message["type"] == "lifespan.shutdown"
        return message

    async def say(self, message: Message) -> None:
        self.spoken = True
        if message["type"] != "lifespan.startup.complete":
            await self._end()  # before the server is told: it ends the process then
        await self._send(message)

    async def finish(self) -> None:
        """Answer the server for an application that did not."""
        if not self.spoken:
            await self._send({"type": "lifespan.startup.complete"})
            if not self._ending:
                await self._receive()
            await self._end()
            await self._send({"type": "lifespan.shutdown.complete"})
        await self._end()

    async def _end(self) -> None:
        if not self._stopped:
            self._stopped = True
            await self._stop()
