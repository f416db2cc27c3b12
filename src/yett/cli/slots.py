"""A place for one child that is to live as long as the command: what runs there, how it fared.

When it dies it is replaced at once, and with a growing delay when it dies young again and again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from yett.cli.children import Channel, Child, Closable

# A child that lived this long has done its work; its death is news, not a loop.
YOUNG_SECONDS = 5.0
# 0 s, then 0.1 s doubling to 5 s: a crash loop costs little, and a recovery is not missed by much.
FIRST_DELAY_SECONDS = 0.1
MAX_DELAY_SECONDS = 5.0
MAX_DOUBLINGS = 16


class StartError(Exception):
    """The command cannot start; `code` is its exit code."""

    def __init__(self, message: str, *, hint: str = "", code: int = 3) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class Slot:
    """A place for one child.

    Args:
        role: `recorder` or `worker-N`.
        run: what the child runs.
        reachable: for a child that cannot say `ready` itself: whether it is up.
        keeps: the listening sockets it serves; every other one is closed in it.
        first: whether it must be ready before the next one is started.
    """

    def __init__(
        self,
        role: str,
        run: Callable[[Channel], int],
        reachable: Callable[[], bool] | None = None,
        keeps: tuple[Closable, ...] = (),
        *,
        first: bool = False,
    ) -> None:
        self.keeps = keeps
        self.first = first
        self.role = role
        self.run = run
        self.reachable = reachable
        self.child: Child | None = None
        self.due: float | None = None
        self._early_deaths = 0

    def fill(self, child: Child) -> None:
        """Put a new child here."""
        self.child = child
        self.due = None

    def release(self) -> None:
        """Let a child go that ends in order; the next may start at once."""
        self.child = None
        self.due = time.monotonic()

    def vacate(self) -> float:
        """Take note of the child's end; answers the seconds until the next may start."""
        assert self.child is not None
        young = time.monotonic() - self.child.born < YOUNG_SECONDS
        self._early_deaths = self._early_deaths + 1 if young else 0
        self.child = None
        delay = self._delay()
        self.due = time.monotonic() + delay
        return delay

    def _delay(self) -> float:
        if self._early_deaths <= 1:
            return 0.0
        doublings = min(self._early_deaths - 2, MAX_DOUBLINGS)
        return min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0**doublings)
