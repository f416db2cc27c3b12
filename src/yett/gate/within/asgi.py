"""`yett.asgi.Yett`: an ASGI application that lets through what the contract lets through.

Wrap any ASGI 3 application (Starlette, FastAPI, Litestar, Django): `app = Yett(app)`. The engine
is the gateway's; what only the gateway can see is in docs/how-to/in-the-service.md.
"""

from __future__ import annotations

import asyncio
from os import PathLike
from pathlib import Path

from yett.gate.edge import Sink
from yett.gate.within.asgi_http import serve_http
from yett.gate.within.asgi_lifespan import serve_lifespan
from yett.gate.within.asgi_scope import App, Receive, Scope, Send
from yett.gate.within.asgi_socket import serve_socket
from yett.gate.within.core import Core
from yett.gate.within.upkeep import Upkeep


class Yett:
    """The gate around an ASGI application.

    Args:
        app: the application.
        contract: the contract's folder.
        workers: processes that serve the application; each gets its part of every quota.
        ledger: folder of the ledger; the contract's `store.ledger` where it is not given. One
            recorder writes a ledger: a gateway's is not the service's.
        sink: takes the events instead of a recorder, see `yett.gate.edge.Sink`.

    Raises:
        ContractError: the contract cannot be used; the findings say where and why.
        StateError: a file that it names is missing or broken.
    """

    def __init__(
        self,
        app: App,
        contract: str | PathLike[str] = "contract",
        *,
        workers: int = 1,
        ledger: str | PathLike[str] | None = None,
        sink: Sink | None = None,
    ) -> None:
        self.app = app
        self.core = Core(Path(contract), workers=workers)
        self.upkeep = Upkeep(self.core, sink, Path(ledger) if ledger is not None else None)
        self._starting: asyncio.Lock | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, WebSocket or lifespan."""
        kind = scope["type"]
        if kind == "lifespan":
            await serve_lifespan(
                self.app, scope, receive, send, start=self._start, stop=self.upkeep.stop
            )
            return
        if kind not in {"http", "websocket"}:
            raise RuntimeError(f"no scope of type `{kind}` is let through")
        await self._start()
        serve = serve_http if kind == "http" else serve_socket
        await serve(self.core, self.app, scope, receive, send)

    async def _start(self) -> None:
        """Start what goes on behind the requests, once; a server without lifespan does so late."""
        loop = asyncio.get_running_loop()
        if self.upkeep.loop is loop:
            return
        lock = self._starting = self._starting or asyncio.Lock()
        async with lock:
            if self.upkeep.loop is not loop:
                await self.upkeep.start()
