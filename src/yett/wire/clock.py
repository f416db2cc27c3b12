"""One coarse timer for everything a worker waits for.

Each connection carries a `deadline`; one sweep every `TICK_SECONDS` looks at all of them, so that
setting a deadline is one attribute write (a `call_later` and its cancellation cost 1.1 us each).
Times are `loop.time()` seconds, at most a tick old. 20,000 idle connections cost 1 ms a sweep.
"""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import Protocol

TICK_SECONDS = 0.25
NEVER = float("inf")


class Timed(Protocol):
    """Something with a deadline; `expire` is called once it has passed, again at each sweep."""

    deadline: float

    def expire(self, now: float) -> None:
        """Act on the passed deadline: set a later one, or end."""


class Clock:
    """The coarse time of one event loop, and what waits on it.

    Args:
        loop: the loop that `start` will tick on.

    Attributes:
        now: `loop.time()` of the last tick.
        date: the ready `Date` value of the last tick (RFC 9110 s6.6.1).
    """

    __slots__ = ("_handle", "_loop", "_timed", "date", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timed: set[Timed] = set()
        self._handle: asyncio.TimerHandle | None = None
        self.now = loop.time()
        self.date = formatdate(usegmt=True).encode()

    def start(self) -> None:
        """Begin to tick; a second call changes nothing."""
        if self._handle is None:
            self._tick()

    def stop(self) -> None:
        """Stop ticking; deadlines are no longer looked at."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def watch(self, timed: Timed) -> None:
        """Look at this one's deadline from now on."""
        self._timed.add(timed)

    def forget(self, timed: Timed) -> None:
        """Look no longer."""
        self._timed.discard(timed)

    def sweep(self, now: float) -> None:
        """Let expire what is due at `now`."""
        self.now = now
        # Ending a connection changes the set: the due ones are collected first.
        for timed in [timed for timed in self._timed if timed.deadline <= now]:
            timed.expire(now)

    def _tick(self) -> None:
        self._handle = self._loop.call_later(TICK_SECONDS, self._tick)
        self.date = formatdate(usegmt=True).encode()
        self.sweep(self._loop.time())
