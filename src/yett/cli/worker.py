"""One worker: the gate on an event loop, with the sockets it inherited.

Wires program, state, spool and TLS to a `Gate`; does what the supervisor says (reload, certificate,
record, drain); ends when told, or when the supervisor is gone. Forked after the contract was
compiled; uvloop begins here, after the fork.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import ssl
import time
from pathlib import Path
from typing import Any

import uvloop
from msgspec import Struct

from yett.cli.children import Channel, Message
from yett.cli.doors import Door, Sockets, open_doors, take_refused
from yett.cli.journal import Journal, place
from yett.contract.errors import ContractError
from yett.engine.program import Program
from yett.gate.approvals import ApprovalDesk, find_desk, open_desk
from yett.gate.edge import Gate
from yett.gate.reload import prepare_aside, settle
from yett.gate.sampling import KIND, compare_samples
from yett.records.spool import Spool
from yett.state.errors import StateError
from yett.state.locks import Locks
from yett.state.memory import MemoryView
from yett.state.samples import Divergence
from yett.terms import Event
from yett.wire.errors import SetupError
from yett.wire.tasks import spawn, stop_all
from yett.wire.tls import Tls

# Longer, and a dead issuer would keep a replaced worker from answering public operations.
FIRST_KEYS_SECONDS = 3.0


# How often a worker looks for approvals that ended without anybody's request.
APPROVALS_SECONDS = 5.0
# How often refused client certificates are told, in sums.
REFUSED_SECONDS = 5.0
CUT = 1  # exit code of a worker whose requests outlasted the drain
# Every how many reloads a worker stops for a full collection; see gate.reload.settle.
THOROUGH_EVERY = 16


class Setup(Struct, kw_only=True):
    """What the supervisor hands to every worker it forks; it replaces `program` on a reload.

    Args:
        folder: the contract folder.
        program: the bound policy.
        view: state files as last read; a worker goes on from them even if they are broken by then.
        workers: how many processes share each quota.
        tls: the listeners' certificates, None for plain HTTP.
        https_port: where HTTPS listens, for the redirect.
        recorder: the recorder's socket.
        locks: the file by which workers keep each other from one record; see state.locks.
        pseudonym: the gate's name in `Via`, one for all workers.
        introduction: secret of this run by which the issuer knows the gate.
        journal: where lifecycle lines go.
    """

    folder: Path
    program: Program
    view: MemoryView
    workers: int
    tls: Tls | None
    https_port: int
    recorder: Path
    locks: int
    pseudonym: str
    introduction: bytes
    journal: Journal


def load_view(setup: Setup, program: Program, previous: MemoryView | None) -> MemoryView:
    """Read the state files that a program names.

    Raises:
        StateError: one of them is missing or broken.
    """
    config = program.policy.config
    return MemoryView.from_config(config, setup.folder, workers=setup.workers, previous=previous)


def served_operations(program: Program) -> int:
    """Count the declared operations; what answers for undeclared paths is none, nor is our own."""
    return sum(one.method != "*" and not one.own for one in program.policy.operations)


def run_worker(setup: Setup, role: str, sockets: Sockets, channel: Channel) -> int:
    """Serve until drained; answers the exit code.

    The collector's thresholds stay as they are: once the contract is frozen (gate.reload.settle)
    raising them changed nothing that wrk could see (21.4 k/s against 21.7 k/s, 4 s, 3 rounds).
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Worker(setup, role, sockets, channel).run())


async def _fetch_first_keys(view: MemoryView) -> None:
    """Give issuers a moment to answer; one that does not is asked again when it is needed."""
    fetching = spawn(view.start(), "first keys")
    await asyncio.wait({fetching}, timeout=FIRST_KEYS_SECONDS)


class _Worker:
    def __init__(self, setup: Setup, role: str, sockets: Sockets, channel: Channel) -> None:
        self._setup = setup
        self._journal = setup.journal.named(role)
        self._role = role
        self._sockets = sockets
        self._channel = channel
        self._stop = asyncio.Event()
        self._reloads = 0
        self._desk: ApprovalDesk | None = None
        self._telling = False
        self._renewing = asyncio.Lock()
        self._doors: list[Door] = []

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_error)
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        self._spool = Spool(self._setup.recorder, self._role)
        self._desk = find_desk(self._setup.program, self._setup.folder)
        self._setup.view.reload_files()  # the own issuer may have published its keys meanwhile
        await _fetch_first_keys(self._setup.view)
        self._gate = Gate(
            self._setup.program,
            self._setup.view,
            self._spool,
            self._setup.view.fetch_keys,
            introspect=self._setup.view.introspect,
            pseudonym=self._setup.pseudonym,
            on_error=self._on_engine_error,
            locks=Locks(self._setup.locks),
            bearer=self._setup.view.bearer,
            approvals=self._desk,
            introduction=self._setup.introduction,
            objection=self._setup.tls.objection if self._setup.tls else None,
        )
        spawn(self._tick(), "state")
        spawn(self._tell_refused(), "refused")
        spawn(compare_samples(lambda: self._setup.view, self._on_divergence), "samples")
        self._doors = await open_doors(
            self._sockets, self._gate, self._setup.tls, self._setup.https_port
        )
        loop.add_reader(self._channel.fileno(), self._listen_to_supervisor)
        self._channel.send({"ready": True})
        await self._stop.wait()
        self._channel.send({"leaving": True})
        return await self._drain()

    async def _drain(self) -> int:
        """Stop accepting, let requests under way end, hand the records over."""
        await asyncio.sleep(0.05)  # connections the kernel has already accepted for us come in
        for door in self._doors:
            door.close()
        self._gate.start_drain()
        seconds, code = self._setup.program.policy.config.gateway.drain_timeout, 0
        try:
            async with asyncio.timeout(seconds):
                await self._gate.drained
        except TimeoutError:
            code = CUT
            self._journal.write("cut", connections=len(self._gate.connections))
            self._gate.abort()
        unwritten = await self._spool.close()
        if unwritten:
            self._journal.write("not-recorded", events=unwritten)
        await stop_all()
        return code

    def _listen_to_supervisor(self) -> None:
        while True:
            message = self._channel.receive()
            if message is None:  # the supervisor is gone: nobody would replace or stop us
                asyncio.get_running_loop().remove_reader(self._channel.fileno())
                self._stop.set()
                return
            if not message:
                return
            self._obey(message)

    def _obey(self, message: Message) -> None:
        match message["do"]:
            case "drain":
                self._stop.set()
            case "reload":
                spawn(self._reload(message["digest"]), "reload")
            case "certificate":
                spawn(self._renew(), "certificate")
            case "record":
                self._record(message["kind"], message["note"])

    async def _reload(self, digest: str) -> None:
        """Compile aside and swap; the supervisor has seen this very contract pass its check."""
        began, setup = time.monotonic(), self._setup
        try:
            program = await prepare_aside(setup.folder)
            view = load_view(setup, program, setup.view)
            desk = open_desk(program, setup.folder)
        except (ContractError, StateError, OSError) as error:
            self._channel.send({"kept": f"{type(error).__name__}: {error}"[:500]})
            return
        if program.policy.digest != digest:
            # The files moved on since the check; the supervisor will notice and check those.
            self._channel.send({"kept": "the files changed again"})
            return
        await _fetch_first_keys(view)
        setup.program, setup.view = program, view
        self._gate.view, self._gate.fetch_keys = view, view.fetch_keys
        self._gate.introspect = view.introspect
        self._gate.bearer = view.bearer
        self._desk = desk
        self._gate.hold_approvals(desk)
        self._gate.swap(program)
        self._reloads += 1
        settle(thorough=self._reloads % THOROUGH_EVERY == 0)
        self._channel.send({"swapped": digest, "seconds": round(time.monotonic() - began, 3)})

    async def _tick(self) -> None:
        """Each second: changed key and revocation files, due key sets, a sign of life."""
        while True:
            await asyncio.sleep(1.0)
            self._setup.view.tick()
            self._end_uncertified()
            self._channel.send({"turns": True})
            if self._desk is not None and not self._telling:
                self._telling = True
                spawn(self._record_ended(self._desk), "approvals")

    async def _record_ended(self, desk: ApprovalDesk) -> None:
        """Record approvals that expired or were cancelled; what fails is tried again."""
        try:
            await desk.record_ended(self._spool.durable, time.time())
        except (sqlite3.Error, StateError, OSError) as error:
            self._journal.write("approvals", error=str(error)[:200])
        finally:
            await asyncio.sleep(APPROVALS_SECONDS)
            self._telling = False

    async def _renew(self) -> None:
        """Read the files in a thread (a long list takes 50 ms), then look at who is here."""
        tls = self._setup.tls
        assert tls is not None
        async with self._renewing:
            try:
                await asyncio.to_thread(tls.reload, time.time())
            except SetupError as error:
                self._journal.write("certificate-refused", error=str(error), hint=error.hint)
            else:
                self._journal.write("certificate-taken")
        self._end_uncertified()

    def _end_uncertified(self) -> None:
        for why, count in self._gate.certified.look(time.time()).items():
            self._journal.write("clients-ended", why=why, connections=count)
            self._record("clients-ended", f"{count} connections: {why}")

    async def _tell_refused(self) -> None:
        """Say which certificates were refused, in sums: else each stranger could write a line."""
        while True:
            await asyncio.sleep(REFUSED_SECONDS)
            for why, count in take_refused(self._doors).items():
                self._journal.write("clients-refused", why=why, handshakes=count)
                self._record("clients-refused", f"{count} handshakes: {why}")

    def _record(self, kind: str, note: str) -> None:
        policy = self._gate.program.policy.digest[:16]
        self._spool.append(Event(time=time.time(), request="", kind=kind, note=note, policy=policy))

    def _on_divergence(self, found: Divergence) -> None:
        """The compiled rules and cedarpy disagree: say so on stderr and in the ledger."""
        self._journal.write(KIND, action=found.action, what=str(found))
        self._record(KIND, str(found))

    def _on_engine_error(self, error: Exception) -> None:
        self._journal.write("internal-error", error=type(error).__name__, at=place(error))

    def _on_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, ConnectionError | TimeoutError | ssl.SSLError):
            return  # a peer that left or stalled in its handshake is not news
        with contextlib.suppress(Exception):
            self._journal.write(
                "unexpected",
                what=str(context.get("message", ""))[:200],
                error=type(error).__name__ if error else "",
                at=place(error) if error else "",
            )
