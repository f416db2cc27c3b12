"""Rates by GCRA (ITU-T I.371), in this process: one float per counter, exact, with burst.

The float is the moment at which the quota is full again. Taking `cost` moves it by `cost * window /
quota`; what would move it beyond `now + window` does not fit. No timers, no windows that reset all
at once. With several workers each has its own counters, so each gets its part of the quota
(docs/reference/limits.md). Measured: 0.5 us a hit (notes/edge 4 has 8 us for `limits`).
"""

from __future__ import annotations

from yett.engine.view import Taken
from yett.policy.model import Limit
from yett.state.sources import fold
from yett.state.table import Table

NEVER = float("-inf")
# Rounding of a few ulps must not refuse the last unit; 1e-7 s is below any quota's step that
# matters, and adds at most a ten-millionth of the window.
TOLERANCE_SECONDS = 1e-7
IP_PREFIX = "ip "  # how the engine names sources (engine/steps/limits.py)

Key = tuple[str, str, str]


class Counters:
    """All counters of one process.

    Args:
        most: counters kept; a counter outlives at least `most / 2` others since its last use.
        origin: unix seconds near now; small numbers keep the floats exact.
        workers: processes that share the load.
    """

    __slots__ = ("_origin", "_table", "_workers")

    def __init__(self, most: int, origin: float, workers: int = 1) -> None:
        self._table: Table[Key, float] = Table(most)
        self._origin = origin
        self._workers = workers

    def __len__(self) -> int:
        """Count what is tracked."""
        return len(self._table)

    def take(self, subject: str, limit: Limit, cost: float, now: float) -> Taken:
        """Take `cost` units, or say when they would fit; nothing is taken when they do not."""
        if ":" in subject and subject.startswith(IP_PREFIX):
            subject = fold(subject[len(IP_PREFIX) :])
        key = (limit.shared, limit.name, subject)
        table = self._table
        young = table.young
        full = young.get(key)
        if full is None:
            full = table.old.get(key, NEVER)
        window, quota, clock = limit.window, limit.quota / self._workers, now - self._origin
        unit = window / quota if quota > 1.0 else window
        level = full - clock
        if level <= 0.0:
            level = 0.0
        elif level > window:
            level = window  # the clock stepped back: wait one window, not until it catches up
        after = level + unit * cost
        if after > window + TOLERANCE_SECONDS:
            left = int((window - level + TOLERANCE_SECONDS) / unit)
            return Taken(False, left, level, min(after - window, window))
        young[key] = clock + after
        if len(young) >= table.half:
            table.turn()
        left = int((window - after + TOLERANCE_SECONDS) / unit)
        return Taken(True, left, after, 0.0)

    def give_back(self, subject: str, limit: Limit, cost: float, now: float) -> None:
        """Return units taken a moment ago; a counter that was forgotten has none to return."""
        del now  # the counter knows the moment it is full; giving back moves it towards the past
        if subject.startswith(IP_PREFIX):
            subject = fold(subject[len(IP_PREFIX) :])
        key = (limit.shared, limit.name, subject)
        full = self._table.get(key)
        if full is not None:
            quota = max(1.0, limit.quota / self._workers)
            self._table.put(key, full - limit.window / quota * cost)
