"""The control process: the issuer on its socket, what happened to accounts told to the ledger.

Beside the gate and never in it: while it is away, tokens are verified and revocations hold as
before; only signing in waits. On a reload it leaves and is forked again with the new contract; its
listening socket is the supervisor's and loses no connection. Forked like a worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import uvicorn
import uvloop

from yett.cli.children import Channel
from yett.cli.journal import place
from yett.cli.upkeep import CHORES, Chore, leave, tell_ledger
from yett.cli.worker import Setup
from yett.issuer.routes import ROUTES
from yett.issuer.server import Server
from yett.issuer.web import Face
from yett.records.spool import Spool
from yett.state.errors import StateError
from yett.terms import Event
from yett.wire.tasks import spawn, stop_all

ROLE = "control"
# Endpoints block on the store, or hash for 25 ms; more threads than this only wait for each other.
THREADS = 16
MAX_CONNECTIONS = 512
KEEP_ALIVE_SECONDS = 5
DRAIN_SECONDS = 5
FAILED = 3
# Notices are looked for five times a second: a store that is away would fill the journal.
SILENT_SECONDS = 60.0
MAX_SAID = 64


def run_control(setup: Setup, sock: socket.socket, channel: Channel) -> int:
    """Serve until drained; answers the exit code."""
    try:
        server = Server(setup.program.policy.config, setup.folder)
        server.store.prepare()
    except StateError as error:
        channel.send({"failed": str(error), "hint": error.hint, "code": FAILED})
        setup.journal.named(ROLE).write("control-failed", error=str(error), hint=error.hint)
        return FAILED
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Control(setup, server, sock, channel).run())


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the supervisor's word ends it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


class _Control:
    def __init__(self, setup: Setup, server: Server, sock: socket.socket, channel: Channel) -> None:
        self._setup, self._server, self._sock, self._channel = setup, server, sock, channel
        self._journal = setup.journal.named(ROLE)
        self._holder = setup.pseudonym  # of this run: another process of it goes on with its leases
        self._threads = ThreadPoolExecutor(THREADS, "issuer")
        self._stop = asyncio.Event()
        self._silent: dict[tuple[str, str, str], float] = {}

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        self._spool = Spool(self._setup.recorder, ROLE)
        for chore in CHORES:
            if chore.first:  # keys are there before anybody asks for them
                await self._run(chore.work)
        web = self._web()
        serving = spawn(web.serve([self._sock]), "issuer")
        spawn(self._ledger(), "notices")
        spawn(self._turn(), "signs of life")
        for chore in CHORES:
            spawn(self._repeat(chore), chore.name)
        loop.add_reader(self._channel.fileno(), self._listen_to_supervisor)
        self._channel.send({"ready": True})
        await self._stop.wait()
        self._channel.send({"leaving": True})
        web.should_exit = True
        await asyncio.wait({serving}, timeout=DRAIN_SECONDS)
        await self._tell()
        await self._spool.close()
        await self._run(lambda server, _now: leave(server.store, self._holder))
        await stop_all()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._server.store.close()
        return 0

    def _web(self) -> _Server:
        secret = self._setup.introduction
        face = Face(self._server, ROUTES, self._threads, secret=secret, on_error=self._on_error)
        return _Server(
            uvicorn.Config(
                face.app,
                loop="none",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )

    async def _run(self, work: Callable[[Server, float], object]) -> None:
        """Run blocking work in a thread; what fails is said, and tried again at its next time."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, work, self._server, time.time())
        except Exception as error:  # noqa: BLE001 — one chore that fails must not end the others
            self._on_error(error)

    async def _repeat(self, chore: Chore) -> None:
        while True:
            await asyncio.sleep(chore.seconds)
            await self._run(chore.work)

    async def _ledger(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            await self._tell()

    async def _tell(self) -> None:
        try:
            await tell_ledger(self._server.store, self._spool, self._threads, self._holder)
        except Exception as error:  # noqa: BLE001 — told again a moment later
            self._on_error(error)

    async def _turn(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._channel.send({"turns": True})

    def _listen_to_supervisor(self) -> None:
        while True:
            message = self._channel.receive()
            if message is None or message.get("do") in ("drain", "reload"):
                asyncio.get_running_loop().remove_reader(self._channel.fileno())
                if message and message["do"] == "reload":
                    self._channel.send({"swapped": message["digest"], "seconds": 0.0})
                self._stop.set()
                return
            if not message:
                return
            if message["do"] == "record":
                policy = self._setup.program.policy.digest[:16]
                kind, note = message["kind"], message["note"]
                self._spool.append(
                    Event(time=time.time(), request="", kind=kind, note=note, policy=policy)
                )

    def _on_error(self, error: Exception) -> None:
        """Say what failed; while it fails again and again, once a minute."""
        said = str(error)[:200] if isinstance(error, StateError) else ""
        line = type(error).__name__, said, place(error)
        now = time.monotonic()
        if now < self._silent.get(line, now):
            return
        if len(self._silent) >= MAX_SAID:
            self._silent.clear()
        self._silent[line] = now + SILENT_SECONDS
        self._journal.write("control-error", error=line[0], said=line[1], at=line[2])
