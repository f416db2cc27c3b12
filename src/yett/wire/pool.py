"""The connections to one upstream: pooled, bounded, and left alone while it cannot be reached.

Passive health: `FAILURES_TO_EJECT` failed connects in a row eject the upstream for a growing pause,
after which one connection tries. A full pool queues at most `max_pending` errands, then sheds.
It never retries and never looks into a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

from yett.wire.aside import Aside
from yett.wire.errand import Errand, Failure
from yett.wire.link import Link
from yett.wire.response import ResponseReader
from yett.wire.tasks import spawn

if TYPE_CHECKING:
    from yett.policy.model import Upstream
    from yett.wire.clock import Clock

FAILURES_TO_EJECT = 3
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# uvicorn, Node and gunicorn close an idle connection after 5 s (defaults): the gate is first, so
# that a POST, which may not be repeated, is not sent into a connection that is about to close.
IDLE_SECONDS = 4.0


class PoolLimits(Struct, frozen=True):
    """Bounds of a pool: connect timeout in seconds, connections, waiting errands."""

    connect_timeout: float
    connections: int
    pending: int


class Pool:
    """All links to one upstream of one worker.

    Args:
        upstream: where it is.
        limits: its bounds.
        dropped: response fields that are never relayed, lower-case.
        clock: the worker's clock.
    """

    def __init__(
        self, upstream: Upstream, limits: PoolLimits, dropped: frozenset[bytes], clock: Clock
    ) -> None:
        self.upstream = upstream
        self.host = _authority(upstream)
        self.dropped = dropped
        self.reader = ResponseReader(dropped)
        self.limits = limits
        self._clock = clock
        self._idle: list[Link] = []
        self._links: set[Link] = set()
        self._aside = Aside(limits.connections)
        self._waiting: deque[Errand] = deque()
        self._connecting = 0
        self._failures = 0
        self._ejected_until = 0.0
        self._closed = False
        self._tls = ssl.create_default_context() if upstream.scheme == "https" else None

    def take(self, errand: Errand, *, fresh: bool = False) -> None:
        """Send an errand on an idle link, or on one that is made for it.

        Args:
            errand: what to send; it hears of success and failure by its callbacks.
            fresh: do not use a pooled connection (the one retry).
        """
        if self._idle and not fresh:
            link = self._idle.pop()  # the warmest; the others grow old and are closed
            link.carry(errand)
        elif self._is_ejected():
            errand.upstream_failed(Failure.UNREACHABLE, "the upstream is ejected")
        elif self._counted() < self.limits.connections:
            self._connect(errand)
        elif len(self._waiting) < self.limits.pending:
            self._waiting.append(errand)
        else:
            errand.upstream_failed(Failure.BUSY, "the queue for a connection is full")

    def give_up(self, errand: Errand) -> None:
        """Let go of an errand whose client or time is gone."""
        errand.given_up = True
        link, errand.link = errand.link, None
        if link is not None:
            self.discard(link)
            link.drop()
        else:
            with contextlib.suppress(ValueError):
                self._waiting.remove(errand)

    def take_back(self, link: Link) -> None:
        """Take a link whose response ended cleanly: for the next who waits, or into the pool."""
        self._aside.forget(link)
        if self._waiting:
            link.carry(self._waiting.popleft())
        elif self._closed or self._counted() > self.limits.connections:
            self.discard(link)
            link.drop()
        else:
            link.deadline = self._clock.now + IDLE_SECONDS
            self._idle.append(link)

    def discard(self, link: Link) -> None:
        """Forget a link that is closed or must be; whoever waits gets a new one."""
        if link not in self._links:
            return
        self._links.discard(link)
        self._aside.forget(link)
        self._clock.forget(link)
        with contextlib.suppress(ValueError):
            self._idle.remove(link)
        if self._waiting and not self._is_ejected():
            self._connect(self._waiting.popleft())
        elif not self._links and not self._connecting:
            self._fail_waiting("the upstream is ejected")

    def set_aside(self, link: Link, *, endless: bool) -> None:
        """Count a link no longer: its answer has no end, or its client does not read."""
        if link not in self._links:
            return
        if endless:
            self._aside.keep(link)
        elif (oldest := self._aside.stall(link)) is not None:
            oldest.shed("the client did not read, and too many others do not either")
        if self._waiting and not self._is_ejected() and self._counted() < self.limits.connections:
            self._connect(self._waiting.popleft())

    def count_again(self, link: Link) -> None:
        """Count a link again whose client reads on; the pool may be over its bound for a while."""
        self._aside.resume(link)

    def close(self) -> None:
        """Close idle links now and the others as they end; the upstream left the contract."""
        self._closed = True
        for link in self._idle[:]:
            self.discard(link)
            link.drop()

    def abort(self) -> None:
        """Close every link."""
        self.close()
        for link in list(self._links):
            link.drop()

    def _counted(self) -> int:
        return len(self._links) - len(self._aside) + self._connecting

    def _is_ejected(self) -> bool:
        if self._failures < FAILURES_TO_EJECT:
            return False
        return self._connecting > 0 or self._clock.now < self._ejected_until

    def _connect(self, errand: Errand) -> None:
        self._connecting += 1
        spawn(self._try(errand), f"connect {self.upstream.name}")

    async def _try(self, errand: Errand) -> None:
        loop = asyncio.get_running_loop()
        host, port = self.upstream.host, self.upstream.port
        try:
            async with asyncio.timeout(self.limits.connect_timeout):
                _, link = await loop.create_connection(
                    lambda: Link(self), host, port, ssl=self._tls
                )
        except (OSError, TimeoutError) as error:
            self._connecting -= 1
            self._fail(errand, type(error).__name__)
        except BaseException:
            self._connecting -= 1
            raise
        else:
            self._connecting -= 1
            self._failures = 0
            self._links.add(link)
            self._clock.watch(link)
            self._employ(link, errand)

    def _employ(self, link: Link, errand: Errand) -> None:
        if link.transport is None or link.transport.is_closing():
            self.discard(link)
            if not errand.given_up:
                errand.upstream_failed(Failure.UNREACHABLE, "the connection closed at once")
        elif errand.given_up:
            self.take_back(link)
        else:
            link.carry(errand)

    def _fail(self, errand: Errand, note: str) -> None:
        self._failures += 1
        if self._failures >= FAILURES_TO_EJECT:
            doublings = min(self._failures - FAILURES_TO_EJECT, 10)
            pause = min(FIRST_PAUSE_SECONDS * 2**doublings, LONGEST_PAUSE_SECONDS)
            self._ejected_until = self._clock.now + pause
        if not self._links:
            self._fail_waiting(note)
        if not errand.given_up:
            errand.upstream_failed(Failure.UNREACHABLE, note)

    def _fail_waiting(self, note: str) -> None:
        """No link will come back to serve those who wait."""
        waiting, self._waiting = self._waiting, deque()
        for errand in waiting:
            errand.upstream_failed(Failure.UNREACHABLE, note)


def _authority(upstream: Upstream) -> bytes:
    """Write the upstream's `Host`, without the default port (RFC 9110 s7.2)."""
    host = f"[{upstream.host}]" if ":" in upstream.host else upstream.host
    default = {"http": 80, "https": 443}[upstream.scheme]
    return (host if upstream.port == default else f"{host}:{upstream.port}").encode("ascii")
