"""What the requests of one guarded application share: the program in force, state, locks, a sink.

Loaded when it is made, so that a contract that cannot be used keeps the service from starting.
Swapped whole; a request keeps what it began with. It starts nothing and waits for nothing:
`upkeep.py` does.
"""

from __future__ import annotations

import itertools
import logging
import secrets
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from msgspec import Struct

from yett.contract.model import SecurityScheme
from yett.engine.program import Program
from yett.gate.approvals import ApprovalDesk, open_desk
from yett.gate.edge import Sink
from yett.gate.reload import prepare
from yett.gate.settings import Settings, shown_schemes
from yett.policy.headers import dropped_response_fields
from yett.state.bearer import CALLER
from yett.state.locks import Locks
from yett.state.memory import MemoryView
from yett.terms import Event
from yett.wire.blocks import Blocks
from yett.wire.response import ResponseReader

_LOG = logging.getLogger("yett.within")


class Current(Struct, frozen=True):
    """What new requests read: swapped whole, kept by the requests under way.

    Args:
        program: the bound policy.
        view: state, as the engine looks at it.
        settings: bounds.
        reader: reads the heads of the application's answers.
        reads_as_service: records are read with the token that `view.bearer` answers.
        schemes: where callers present credentials.
        desk: answers questions about approvals; None where the contract asks for none.
    """

    program: Program
    view: MemoryView
    settings: Settings
    reader: ResponseReader
    reads_as_service: bool
    schemes: tuple[SecurityScheme, ...]
    desk: ApprovalDesk | None


class NoSink:
    """Where events go before anything was started: nowhere, so nothing is let through."""

    full = True

    def append(self, event: Event) -> None:
        """Lose an event; who could have let the request through was told that it is full."""

    async def durable(self, event: Event) -> bool:
        """Say that nothing is on disk."""
        del event
        return False


class Core:
    """What the requests of one application share.

    Args:
        folder: the contract's folder.
        workers: processes that serve the application; each gets its part of every quota.
        guard: held by who touches state, where several threads do.

    Raises:
        ContractError: the contract cannot be used; the findings say where and why.
        StateError: a file that it names is missing or broken.

    Attributes:
        current: what new requests read.
        sink: takes one event for each request.
        locks: the records that are being written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 1,
        guard: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.workers = workers
        self.guard: AbstractContextManager[Any] = guard or nullcontext()
        self.sink: Sink = NoSink()
        self.locks = Locks()
        self.blocks = Blocks()
        self.pseudonym = b"yett-" + secrets.token_hex(8).encode()
        self._prefix = secrets.token_hex(8)
        self._counter = itertools.count(1)
        program = prepare(self.folder)
        self.current = self.bind(program, self.make_view(program), open_desk(program, self.folder))

    def make_view(self, program: Program, previous: MemoryView | None = None) -> MemoryView:
        """Read the state files that a program names.

        Raises:
            StateError: one of them is missing or broken.
        """
        config = program.policy.config
        view = MemoryView.from_config(config, self.folder, workers=self.workers, previous=previous)
        self._guard_keys(view)
        return view

    def renew_guard(self, guard: AbstractContextManager[Any]) -> None:
        """Take another guard, in a forked child: a thread of the parent may hold the old one."""
        self.guard = guard
        self.sink = NoSink()
        self._guard_keys(self.current.view)

    def _guard_keys(self, view: MemoryView) -> None:
        for issuer in view.identity.issuers.values():
            issuer.hold(self.guard)

    def bind(self, program: Program, view: MemoryView, desk: ApprovalDesk | None) -> Current:
        """Derive what requests read from a program."""
        config = program.policy.config
        return Current(
            program,
            view,
            Settings.from_config(config),
            ResponseReader(dropped_response_fields(config)),
            config.authz.read_as != CALLER,
            shown_schemes(program.policy),
            desk,
        )

    def next_id(self) -> str:
        """Make a request id: unique across processes and restarts, no secret."""
        return f"{self._prefix}-{next(self._counter):x}"

    def on_error(self, error: BaseException) -> None:
        """Report a bug, or an adapter that failed; the request was refused."""
        _LOG.error("yett failed and refused the request", exc_info=error)

    def report(self, error: BaseException) -> None:
        """Write down an exception of the application, for a server that will not see it."""
        _LOG.error("the application failed", exc_info=error)
