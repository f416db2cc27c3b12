"""Whether an open answer of a guarded application may go on: not beyond its credential.

The twin of `gate/standing.py` where there is an event loop of somebody else, or none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import time

from yett.gate.standing import LOOK_SECONDS
from yett.gate.within.visit import Visit
from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_REVOKED, Problem


def ended(visit: Visit, what: str) -> Problem | None:
    """Say why a stream or WebSocket must end now, None while it may go on."""
    x = visit.x
    if not x.principal.id:
        return None
    if x.principal.expires < time():
        return CREDENTIAL_EXPIRED(note=f"while its {what}")
    view = visit.core.current.view
    if any(view.revoked(one) for one in (x.principal, *x.proven.values())):
        return CREDENTIAL_REVOKED(note=f"while its {what}")
    return None


class Watch:
    """Looks again and again, in the running loop, and calls `end` once with why.

    Args:
        visit: the request.
        what: what is open, for the record.
        end: is called in the loop.
    """

    def __init__(self, visit: Visit, what: str, end: Callable[[Problem], None]) -> None:
        self._visit, self._what, self._end = visit, what, end
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_later(self._pause(), self._look)

    def stop(self) -> None:
        """Look no longer."""
        self._handle.cancel()

    def _look(self) -> None:
        problem = ended(self._visit, self._what)
        if problem is not None:
            self._end(problem)
            return
        self._handle = self._loop.call_later(self._pause(), self._look)

    def _pause(self) -> float:
        left = self._visit.x.principal.expires - time()
        return min(LOOK_SECONDS, max(0.0, left) + 0.001)
