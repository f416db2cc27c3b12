"""How a stop goes: workers finish what is under way, then the recorder what they still said.

Whoever takes longer than its time is cut, which is said, and in the exit code. A second signal cuts
at once. Knows processes only, not what they do.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable

from yett.cli.children import Child
from yett.cli.journal import Journal

# Beyond the drain: what a worker needs to hand its last records over.
CLOSING_SECONDS = 6.0
RECORDER_SECONDS = 10.0


class Takedown:
    """One stop, from the first signal on.

    Attributes:
        signals: how many asked for it; 0 while nobody did.
        cut: whether requests or records had to be cut.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.signals = 0
        self.cut = False
        self._deadline = 0.0
        self._recorder_asked = False

    def begin(self, why: str, workers: Iterable[Child], drain_seconds: float) -> None:
        """Ask the workers to finish, in at most `drain_seconds`; the second time, at once."""
        self.signals += 1
        at_once = self.signals > 1
        self._journal.write("stopping", signal=why, at_once=at_once)
        now = time.monotonic()
        self._deadline = now if at_once else now + drain_seconds + CLOSING_SECONDS
        for child in workers:
            child.channel.send({"do": "drain"})

    def go_on(self, gate: list[Child], recorder: Child | None) -> None:
        """Cut what is late; when the last of the gate is gone, end the recorder."""
        late = time.monotonic() >= self._deadline
        if gate and late:
            self.cut = True
            for child in gate:
                self._kill(child)
            self._deadline = time.monotonic() + RECORDER_SECONDS
        elif not gate and recorder:
            self._end(recorder, late=late)

    def _end(self, recorder: Child, *, late: bool) -> None:
        if not self._recorder_asked:
            self._recorder_asked = True
            recorder.kill(signal.SIGTERM)
            self._deadline = time.monotonic() + RECORDER_SECONDS
        elif late:
            self._kill(recorder)

    def _kill(self, child: Child) -> None:
        self._journal.write("cut", child=child.role, pid=child.pid)
        child.kill(signal.SIGKILL)
