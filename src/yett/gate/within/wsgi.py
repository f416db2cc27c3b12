"""`yett.wsgi.Yett`: a WSGI application that lets through what the contract lets through.

Wrap any WSGI application (Flask, Django): `app.wsgi_app = Yett(app.wsgi_app)`. The engine is the
gateway's; what a WSGI server hides from it is in docs/how-to/in-the-service.md.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from yett.gate.edge import Sink
from yett.gate.within.core import Core
from yett.gate.within.incoming import Incoming, read_heard
from yett.gate.within.upkeep import Upkeep
from yett.gate.within.visit import Visit
from yett.gate.within.writing import refuse_unread
from yett.gate.within.wsgi_asking import App, StartResponse
from yett.gate.within.wsgi_environ import Environ, heard
from yett.gate.within.wsgi_loop import LoopThread
from yett.gate.within.wsgi_request import Served, text_fields
from yett.problems import Problem


class Yett:
    """The gate around a WSGI application; for any number of threads.

    Args:
        app: the application.
        contract: the contract's folder.
        workers: processes that serve the application; each gets its part of every quota.
        ledger: folder of the ledger; the contract's `store.ledger` where it is not given. One
            recorder writes a ledger: a gateway's is not the service's.
        sink: takes the events instead of a recorder, in a loop of its own thread.

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
        self.core = Core(Path(contract), workers=workers, guard=threading.RLock())
        folder = Path(ledger) if ledger is not None else None
        self.loop = LoopThread(self.core, lambda: Upkeep(self.core, sink, folder))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        self.loop.start()
        request_id = self.core.next_id()
        with self.core.guard:
            incoming = self._read(environ, request_id)
            if isinstance(incoming, Problem):
                return self._refuse(environ, start_response, request_id, incoming)
            visit = Visit(self.core, incoming)
        served = Served(visit, self.app, environ, start_response, self.loop)
        served.begin()
        return served

    def close(self) -> None:
        """Hand over what was recorded and end; the end of the process does so by itself."""
        self.loop.stop()

    def _read(self, environ: Environ, request_id: str) -> Incoming | Problem:
        told = heard(environ)
        return told if isinstance(told, Problem) else read_heard(self.core, told, request_id)

    def _refuse(
        self, environ: Environ, start: StartResponse, request_id: str, problem: Problem
    ) -> Iterable[bytes]:
        address = str(environ.get("REMOTE_ADDR", ""))
        secure = environ.get("wsgi.url_scheme") == "https"
        out = refuse_unread(self.core, address, request_id, problem, secure)
        start(f"{out.status} Refused", text_fields(out.fields))
        return [out.body]
