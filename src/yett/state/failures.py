"""Slows down sources whose credentials keep being refused, before anything is verified for them.

Each refusal costs a unit of the `failures` limit; while another one would not fit, the source has
to wait. It is per source, not per account: an attacker must not be able to lock somebody out.
"""

from __future__ import annotations

from yett.policy.model import Limit
from yett.state.limits import NEVER
from yett.state.sources import fold
from yett.state.table import Table


class Failures:
    """Refusals per source.

    Args:
        limit: what is tolerated.
        most: sources kept.
        origin: unix seconds near now.
        workers: processes that share the load.
    """

    __slots__ = ("_origin", "_table", "_unit", "_window", "limit")

    def __init__(self, limit: Limit, most: int, origin: float, workers: int = 1) -> None:
        self._table: Table[str, float] = Table(most)
        self.limit = limit
        self._origin = origin
        self._window = limit.window
        self._unit = limit.window / max(1.0, limit.quota / workers)

    def __len__(self) -> int:
        """Count what is tracked."""
        return len(self._table)

    def failing(self, source: str, now: float) -> float:
        """Return the seconds this source must wait, 0 when it need not."""
        table = self._table
        if not table.young and not table.old:
            return 0.0
        full = table.get(fold(source))
        if full is None:
            return 0.0
        level = min(full - (now - self._origin), self._window)
        wait = level + self._unit - self._window
        return wait if wait > self._unit * 1e-6 else 0.0

    def failed(self, source: str, now: float) -> None:
        """Count one refusal; more than the quota does not make the wait longer than a unit."""
        clock = now - self._origin
        source = fold(source)
        full = self._table.get(source)
        level = min(max((NEVER if full is None else full) - clock, 0.0) + self._unit, self._window)
        self._table.put(source, clock + level)
