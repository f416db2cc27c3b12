"""What goes on behind the requests of a guarded service: sink, keys, files, reloads, approvals.

Runs in one event loop: the service's own (ASGI) or a private one (WSGI). A new contract is compiled
and checked aside and swapped whole; a broken one changes nothing. Never in the way of a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from yett.contract.errors import ContractError
from yett.gate.approvals import ApprovalDesk, open_desk
from yett.gate.edge import Sink
from yett.gate.reload import Watch, contract_files, prepare_aside
from yett.gate.sampling import KIND, compare_samples
from yett.gate.serving import serve_program
from yett.gate.within.core import Core, NoSink
from yett.gate.within.recording import RecorderChild
from yett.records.errors import LedgerError
from yett.records.spool import Spool
from yett.state.errors import StateError
from yett.state.locks import Locks
from yett.state.memory import MemoryView
from yett.state.samples import Divergence
from yett.terms import Event
from yett.wire.tasks import spawn

TICK_SECONDS = 1.0
APPROVALS_TICKS = 5
# Longer, and a dead issuer would keep the service from answering public operations.
FIRST_KEYS_SECONDS = 3.0
LOCKS_FILE = "var/locks"
MAX_NOTE = 2000

_LOG = logging.getLogger("yett.within")
# Closing any descriptor of the file would free all that this process holds (fcntl(2)): one each.
_DESCRIPTORS: dict[tuple[int, Path], int] = {}


class Upkeep:
    """Keeps one guarded application going.

    Args:
        core: what its requests share.
        sink: where events go; None for the contract's ledger, through a recorder of its own.
        ledger: another folder for it than the contract's `store.ledger`.
    """

    def __init__(self, core: Core, sink: Sink | None = None, ledger: Path | None = None) -> None:
        self._core = core
        self._given = sink
        policy = core.current.program.policy
        self._ledger = ledger or core.folder / policy.config.store.ledger
        self._watch = Watch(lambda: contract_files(core.folder, core.current.program.policy))
        self._tasks: list[asyncio.Task[Any]] = []
        self._spool: Spool | None = None
        self._recorder: RecorderChild | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Start everything in the running loop.

        Raises:
            LedgerError: nothing can be recorded, and the contract says to let nothing through then.
            StateError: the file of locks cannot be used.
        """
        core = self._core
        core.locks = Locks(_locks_file(core.folder))
        try:
            core.sink = self._given if self._given is not None else await self._connect()
        except BaseException:
            await self.stop()
            raise
        await self._fetch_first_keys(core.current.view)
        serve_program(core.current.program)
        view = lambda: core.current.view  # noqa: E731 — the one in force when it is asked for
        self._tasks = [
            spawn(self._tick(), "yett state"),
            spawn(compare_samples(view, self._on_divergence), "yett samples"),
        ]
        self.loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Stop everything; what was recorded is handed over first."""
        self.loop = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        spool, self._spool = self._spool, None
        self._core.sink = NoSink()
        if spool is not None:
            unwritten = await spool.close()
            if unwritten:
                _LOG.error("%d events are not known to be recorded", unwritten)
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            await asyncio.to_thread(recorder.stop)
        serve_program(None)

    async def _connect(self) -> Spool:
        """Find or start the recorder of the ledger, and open a line to it."""
        self._recorder = RecorderChild(self._ledger)
        if not await asyncio.to_thread(self._recorder.await_start):
            error = LedgerError(
                "no recorder comes up for this ledger",
                path=str(self._ledger),
                hint="see what it wrote to stderr; a gateway's ledger is not a service's: say "
                "`ledger=` to give it another",
            )
            if self._core.current.settings.block_unrecorded:
                raise error
            _LOG.error("%s; nothing is recorded", error)
        self._spool = Spool(self._recorder.door, f"service-{os.getpid()}")
        return self._spool

    async def _fetch_first_keys(self, view: MemoryView) -> None:
        """Give issuers a moment to answer; one that does not is asked again when it is needed."""
        fetching = spawn(view.start(), "yett first keys")
        await asyncio.wait({fetching}, timeout=FIRST_KEYS_SECONDS)

    async def _tick(self) -> None:
        """Each second: changed files, due key sets, the recorder; now and then approvals."""
        count = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            count += 1
            try:
                await self._turn(count)
            except Exception as error:  # noqa: BLE001 — the next second is a new chance
                self._core.on_error(error)

    async def _turn(self, count: int) -> None:
        core = self._core
        with core.guard:
            core.current.view.tick()
        if self._recorder is not None and self._spool is not None and not self._spool.connected:
            await asyncio.to_thread(self._recorder.ensure)
        if self._watch.changed():
            await self.reload()
        desk = core.current.desk
        if desk is not None and count % APPROVALS_TICKS == 0:
            await self._record_ended(desk)

    async def reload(self) -> bool:
        """Take a changed contract into use; False, and nothing changed, when it cannot be."""
        core = self._core
        try:
            program = await prepare_aside(core.folder)
            with core.guard:
                view = core.make_view(program, core.current.view)
            desk = open_desk(program, core.folder)
        except (ContractError, StateError, OSError) as error:
            _LOG.error("the changed contract is refused, the old one stays in force: %s", error)
            self._record("reload-refused", str(error))
            return False
        await self._fetch_first_keys(view)
        with core.guard:
            core.current = core.bind(program, view, desk)
        serve_program(program)
        self._record("reload", f"policy {program.policy.digest[:16]}")
        return True

    async def _record_ended(self, desk: ApprovalDesk) -> None:
        """Record approvals that expired or were cancelled; what fails is tried again."""
        try:
            await desk.record_ended(self._core.sink.durable, time.time())
        except (sqlite3.Error, StateError, OSError) as error:
            _LOG.error("approvals: %s", error)

    def _on_divergence(self, found: Divergence) -> None:
        _LOG.error("the compiled rules and cedarpy disagree: %s", found)
        self._record(KIND, str(found))

    def _record(self, kind: str, note: str) -> None:
        policy = self._core.current.program.policy.digest[:16]
        event = Event(time=time.time(), request="", kind=kind, note=note[:MAX_NOTE], policy=policy)
        self._core.sink.append(event)


def _locks_file(folder: Path) -> int:
    """Open the file by which the processes of a service keep each other from one record.

    Raises:
        StateError: it cannot be made.
    """
    path = folder / LOCKS_FILE
    key = os.getpid(), path
    if key not in _DESCRIPTORS:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with contextlib.suppress(FileExistsError):
                path.parent.mkdir(mode=0o700, parents=True)
            _DESCRIPTORS[key] = os.open(path, flags, 0o600)
        except OSError as error:
            hint = "the service must be able to write the contract's folder `var`"
            raise StateError(
                f"cannot be made: {error.strerror}", path=str(path), hint=hint
            ) from error
    return _DESCRIPTORS[key]
