"""How many connections each source holds, so that one cannot take them all.

IPv6 sources are counted by /64, which is what one customer is given (RFC 6177); a table entry lives
only while it counts something.
"""

from __future__ import annotations

import ipaddress


class Sources:
    """Connections by source."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def enter(self, address: str, most: float) -> bool:
        """Count one more connection; False, and not counted, when `most` are open."""
        source = source_of(address)
        count = self._counts.get(source, 0)
        if count >= most:
            return False
        self._counts[source] = count + 1
        return True

    def leave(self, address: str) -> None:
        """Count one fewer."""
        source = source_of(address)
        count = self._counts.get(source, 0)
        if count <= 1:
            self._counts.pop(source, None)
        else:
            self._counts[source] = count - 1


def source_of(address: str) -> str:
    """Return what an address is counted as: itself, or its /64."""
    if ":" not in address:
        return address
    return str(ipaddress.IPv6Network((int(ipaddress.IPv6Address(address)) >> 64 << 64, 64)))
