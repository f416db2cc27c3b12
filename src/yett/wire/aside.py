"""Links that do not count against the bound of a pool: they wait for a client, not for the service.

Otherwise as many clients that read nothing, WebSockets or event streams as a pool has connections
would keep everybody else from the service. What has no end is bounded by the clients' connections;
what waits for a slow client by `STALLED_FACTOR`: beyond it, who has stalled longest is let go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.wire.link import Link

# Times the pool's connections. A client that merely reads slowly is here for milliseconds.
STALLED_FACTOR = 4


class Aside:
    """The links of one pool that are set aside.

    Args:
        connections: the bound of the pool.
    """

    __slots__ = ("_endless", "_most", "_stalled")

    def __init__(self, connections: int) -> None:
        self._most = STALLED_FACTOR * connections
        self._endless: set[Link] = set()
        self._stalled: dict[Link, None] = {}  # in the order in which they stalled

    def __len__(self) -> int:
        return len(self._endless) + len(self._stalled)

    def keep(self, link: Link) -> None:
        """Set aside what has no end: a tunnel, a stream of events."""
        self._stalled.pop(link, None)
        self._endless.add(link)

    def stall(self, link: Link) -> Link | None:
        """Set aside what waits for its client; answers which one is to be let go, if any."""
        if link in self._endless:
            return None
        self._stalled[link] = None
        return next(iter(self._stalled)) if len(self._stalled) > self._most else None

    def resume(self, link: Link) -> None:
        """Count a link again whose client has caught up."""
        self._stalled.pop(link, None)

    def forget(self, link: Link) -> None:
        """Let go of a link, whatever it was here for."""
        self._stalled.pop(link, None)
        self._endless.discard(link)
