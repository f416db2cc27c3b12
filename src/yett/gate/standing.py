"""Whether an answer that has no end may go on: a stream or a WebSocket under way.

The credential was checked once, when it began. It ends with the credential, soon after the
credential is revoked, and by silence.
"""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_REVOKED, UPSTREAM_TIMEOUT, Problem

if TYPE_CHECKING:
    from yett.gate.relay import Relay

# A declared stream may be silent for this long; comments of SSE come every 15 to 30 s.
IDLE_SECONDS = 300.0
# With the gate's coarse clock and the pause between two looks at the store: within one second.
LOOK_SECONDS = 0.4


class Standing:
    """What lets one open answer go on.

    Args:
        relay: the request it answers.
    """

    __slots__ = ("_ends", "_look", "_quiet", "_relay")

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        now = relay.connection.gate.clock.now
        self._ends = now + (relay.x.principal.expires - time())
        self._look = now + LOOK_SECONDS
        self.stay()

    def stay(self) -> None:
        """Hear that something was said: silence is counted from now."""
        self._quiet = self._relay.connection.gate.clock.now + IDLE_SECONDS
        self._arm()

    def judge(self) -> Problem | None:
        """Say why it must end now, or go on until the next look."""
        now = self._relay.connection.gate.clock.now
        if self._ends <= now:
            return CREDENTIAL_EXPIRED(note="while its answer was streamed")
        if self._quiet <= now:
            return UPSTREAM_TIMEOUT()
        if self._revoked():
            return CREDENTIAL_REVOKED(note="while its answer was streamed")
        self._look = now + LOOK_SECONDS
        self._arm()
        return None

    def _arm(self) -> None:
        self._relay.connection.deadline = min(self._quiet, self._ends, self._look)

    def _revoked(self) -> bool:
        x, view = self._relay.x, self._relay.connection.gate.view
        return bool(x.principal.id) and any(
            view.revoked(one) for one in (x.principal, *x.proven.values())
        )
