"""How many connections each source holds, so that one cannot take them all.

What counts as one source is `state.sources.fold`'s to say; a table entry lives only while it counts
something.
"""

from __future__ import annotations

from yett.state.sources import fold


class Sources:
    """Connections by source."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def enter(self, address: str, most: float) -> bool:
        """Count one more connection; False, and not counted, when `most` are open."""
        source = fold(address)
        count = self._counts.get(source, 0)
        if count >= most:
            return False
        self._counts[source] = count + 1
        return True

    def leave(self, address: str) -> None:
        """Count one fewer."""
        source = fold(address)
        count = self._counts.get(source, 0)
        if count <= 1:
            self._counts.pop(source, None)
        else:
            self._counts[source] = count - 1
