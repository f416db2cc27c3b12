"""The recorder of a service: one child process for each ledger, whoever of its workers started it.

Its socket lies in a private folder whose name comes from the ledger's, so that all processes of a
service find the same one. Whoever finds nobody there starts a recorder; of two that start at once
the ledger's lock lets one live. It ends when its starter and its last worker are gone.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from hashlib import blake2b
from pathlib import Path

# A ledger of a million lines is checked at the start; the gateway waits as long.
START_SECONDS = 15.0
POLL_SECONDS = 0.02
AGAIN_SECONDS = 5.0
STOP_SECONDS = 5.0


def find_door(ledger: Path) -> Path:
    """Return the socket of a ledger's recorder: below systemd's folder, or temporary files."""
    parent = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or tempfile.gettempdir()
    name = blake2b(os.fsencode(ledger.resolve()), digest_size=10).hexdigest()
    return Path(parent) / f"yett-{os.geteuid()}-{name}" / "recorder"


def reachable(door: Path) -> bool:
    """Whether a recorder takes connections."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(door))
        except OSError:
            return False
    return True


class RecorderChild:
    """This process's share in keeping a recorder alive.

    Args:
        ledger: the ledger's folder.
    """

    def __init__(self, ledger: Path) -> None:
        self.ledger = ledger
        self.door = find_door(ledger)
        self._child: subprocess.Popen[bytes] | None = None
        self._started = float("-inf")

    def ensure(self) -> None:
        """Start a recorder where none answers; not too often. Blocks for a moment at most."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        now = time.monotonic()
        if self._child is None and now - self._started > AGAIN_SECONDS and not reachable(self.door):
            self._started = now
            self._child = self._start()

    def await_start(self) -> bool:
        """Wait until a recorder answers; False when none comes up. Blocks; call it in a thread."""
        until = time.monotonic() + START_SECONDS
        self.ensure()
        while not reachable(self.door):
            ended = self._child is None or self._child.poll() is not None
            # The one that won the lock may need a moment more than the one that lost it.
            if time.monotonic() > (until if not ended else self._started + AGAIN_SECONDS):
                return False
            time.sleep(POLL_SECONDS)
        return True

    def stop(self) -> None:
        """End the recorder that this process started; other workers start another. Blocks."""
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C must not reach it before the events of the workers do.
        command = [
            *(sys.executable, "-m", "yett.records"),
            *(os.fspath(self.ledger), os.fspath(self.door), str(os.getpid())),
        ]
        return subprocess.Popen(  # noqa: S603 — our own interpreter and module
            command, stdin=subprocess.DEVNULL, start_new_session=True
        )
