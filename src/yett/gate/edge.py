"""The gateway of one worker: it owns what connections share, and is swapped and drained.

`Gate` is handed a bound program, the view of state, a sink of events and a fetcher of keys; its
`protocol` makes one `Connection` per accepted socket. It opens no socket and reads no file.
Steps 13 to 16 of docs/life-of-a-request.md happen in `gate/call.py`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from msgspec import Struct

from yett.contract.model import SecurityScheme
from yett.engine.approvals import ApprovalQuestion
from yett.engine.program import Program
from yett.engine.view import View
from yett.gate.certified import Certified, Objection
from yett.gate.connection import Connection
from yett.gate.parting import Parting
from yett.gate.settings import Settings, shown_schemes
from yett.gate.sources import Sources
from yett.policy.headers import CORS_FIELDS, SECURITY_FIELDS, dropped_response_fields
from yett.policy.issuer import ISSUER_API
from yett.policy.model import Upstream
from yett.state.bearer import CALLER
from yett.state.locks import Locks
from yett.terms import Event, Secret
from yett.wire.blocks import Blocks
from yett.wire.clock import Clock
from yett.wire.pool import Pool

FetchKeysFrom = Callable[[str, str], Awaitable[bool]]
IntrospectAt = Callable[[str, bytes], Awaitable[bool]]
AnswerApprovals = Callable[[ApprovalQuestion], Awaitable[Any]]


class Sink(Protocol):
    """Where events go; see records/spool.py."""

    @property
    def full(self) -> bool:
        """Whether the next event could be lost."""

    def append(self, event: Event) -> None:
        """Take an event; no I/O."""

    async def durable(self, event: Event) -> bool:
        """Take an event and wait until it is on disk; False when it cannot be."""


class Current(Struct, frozen=True):
    """What new requests read: swapped whole, kept by the requests under way.

    Args:
        program: the bound policy.
        pools: connections, by the upstream's name.
        settings: bounds.
        reads_as_service: records are read with the token that `bearer` answers.
        schemes: where callers present credentials.
    """

    program: Program
    pools: dict[str, Pool]
    settings: Settings
    reads_as_service: bool
    bearer: Callable[[], Secret | None]
    schemes: tuple[SecurityScheme, ...]


class Gate:
    """The gateway of one worker. Construct it in the running loop.

    Args:
        program: the bound policy.
        view: state, as the engine looks at it.
        sink: takes one event per request.
        fetch_keys: refreshes an issuer's keys for (issuer, kid); True when they may be newer.
        introspect: asks an issuer about a token; True when the view knows the answer now. Where it
            is None, no token that needs that is good.
        pseudonym: this gate's name in `Via`, the same for all workers of a host; the response
            never shows it. Random when empty.
        on_error: is told of an exception in the engine (a bug); the request was refused.
        locks: the records that are being written; those of this process alone where it is None.
        bearer: answers the token of `[authz] read_as`, None while there is none.
        approvals: answers questions about approvals; where it is None, none can be asked for.
        introduction: secret by which yett's own issuer knows the gate.
        objection: why a client's certificate is good no longer; where it is None, its own dates
            decide.

    Attributes:
        current: the cell that new requests read.
        drained: done once `start_drain` was called, the last connection has closed and the last
            write whose client left is over.
    """

    def __init__(
        self,
        program: Program,
        view: View,
        sink: Sink,
        fetch_keys: FetchKeysFrom,
        *,
        introspect: IntrospectAt | None = None,
        pseudonym: str = "",
        on_error: Callable[[Exception], None] | None = None,
        locks: Locks | None = None,
        bearer: Callable[[], Secret | None] | None = None,
        approvals: AnswerApprovals | None = None,
        introduction: bytes = b"",
        objection: Objection | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.view = view
        self.sink = sink
        self.fetch_keys = fetch_keys
        self.introspect = introspect or _no_answer
        self.pseudonym = (pseudonym or "yett-" + secrets.token_hex(8)).encode("ascii")
        self.on_error = on_error or _report
        self.locks = Locks() if locks is None else locks
        self.bearer = bearer or _nothing
        self.introduction = introduction
        self.hold_approvals(approvals)
        self.partings: set[Parting] = set()
        self.clock = Clock(loop)
        self.clock.start()
        self.connections: set[Connection] = set()
        self.certified = Certified(objection)
        self.sources = Sources()
        self.blocks = Blocks()
        self.draining = False
        self.drained: asyncio.Future[None] = loop.create_future()
        self._pools: dict[Upstream, Pool] = {}
        self._prefix = secrets.token_hex(8)
        self._count = 0
        self.current = self._bind(program)

    @property
    def program(self) -> Program:
        """The program that new requests run under."""
        return self.current.program

    def protocol(self) -> Connection:
        """Make the protocol of one accepted connection, for `loop.create_server`."""
        return Connection(self)

    def swap(self, program: Program) -> None:
        """Let new requests run under `program`; those under way keep theirs."""
        self.current = self._bind(program)
        kept = set(self.current.pools.values())
        for upstream, pool in list(self._pools.items()):
            if pool not in kept:
                pool.close()
                del self._pools[upstream]

    def hold_approvals(self, approvals: AnswerApprovals | None) -> None:
        """Ask another store from now on, or none."""
        self.approvals = approvals or _no_approvals

    def start_drain(self) -> None:
        """Close idle connections, end each other after its request; see `drained`."""
        self.draining = True
        for connection in list(self.connections):
            connection.drain()
        self.settle()

    def abort(self) -> None:
        """Close every connection at once and stop the clock; for the end of the drain timeout."""
        self.draining = True
        for connection in list(self.connections):
            connection.abort()
        for parting in list(self.partings):
            parting.expire(self.clock.now)
        for pool in self._pools.values():
            pool.abort()
        self.settle()

    def settle(self) -> None:
        """Note that the last connection may have closed."""
        under_way = self.connections or self.partings
        if self.draining and not under_way and not self.drained.done():
            self.clock.stop()
            for pool in self._pools.values():
                pool.close()
            self.drained.set_result(None)

    def next_id(self) -> str:
        """Make a request id: unique across workers and restarts, no secret (0.2 us)."""
        self._count += 1
        return f"{self._prefix}-{self._count:x}"

    def _bind(self, program: Program) -> Current:
        config = program.policy.config
        settings = Settings.from_config(config)
        dropped = dropped_response_fields(config)
        pools = {
            name: self._pool(upstream, settings, dropped)
            for name, upstream in program.policy.upstreams.items()
        }
        as_service = config.authz.read_as != CALLER
        schemes = shown_schemes(program.policy)
        return Current(program, pools, settings, as_service, self.bearer, schemes)

    def _pool(self, upstream: Upstream, settings: Settings, dropped: frozenset[bytes]) -> Pool:
        if upstream.name == ISSUER_API:
            # Its pages need scripts, which the gate's own would forbid; and not every endpoint is
            # for pages elsewhere.
            dropped -= SECURITY_FIELDS | CORS_FIELDS
        pool = self._pools.get(upstream)
        if pool is None or pool.limits != settings.pool or pool.dropped != dropped:
            if pool is not None:
                pool.close()
            pool = Pool(upstream, settings.pool, dropped, self.clock)
            self._pools[upstream] = pool
        return pool


def _nothing() -> None:
    return None


def _report(error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "the engine failed; the request was refused", "exception": error}
    )


async def _no_answer(_issuer: str, _token: bytes) -> bool:
    """Say that nobody can be asked about a token."""
    return False


async def _no_approvals(_question: ApprovalQuestion) -> bool:
    """Say that there is no store: nothing can be asked for, nothing used."""
    return False
