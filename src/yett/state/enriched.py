"""What the service said of the holder of a credential, kept for a short time in this process.

A bounded table; an answer is good for as long as the contract says and never longer than the
credential it was given for, because the caller makes the key from it.
"""

from __future__ import annotations

from typing import Any

from yett.contract.config import PrincipalConfig
from yett.state.table import Table

MAX_ENRICHED = 20_000


class Enriched:
    """Attributes by credential.

    Args:
        mapping: how principals are made; what was read for one mapping is nothing to another.
        most: entries kept.
    """

    __slots__ = ("_table", "mapping")

    def __init__(self, mapping: PrincipalConfig, most: int = MAX_ENRICHED) -> None:
        self.mapping = mapping
        self._table: Table[str, tuple[float, dict[str, Any]]] = Table(most)

    def __len__(self) -> int:
        """Count what is kept, also what is over."""
        return len(self._table)

    def enriched(self, key: str, now: float) -> dict[str, Any] | None:
        """Return the attributes, None when they must be asked for."""
        held = self._table.get(key)
        return held[1] if held is not None and now < held[0] else None

    def enrich(self, key: str, attributes: dict[str, Any], until: float) -> None:
        """Keep attributes until `until` (unix seconds)."""
        self._table.put(key, (until, attributes))
