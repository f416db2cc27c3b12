"""The recorder as a child of the supervisor: where it listens, how it starts, when it is up."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from pathlib import Path

from yett.cli.children import Channel
from yett.cli.journal import Journal
from yett.records import recorder
from yett.records.errors import LedgerError


def runtime_folder() -> Path:
    """Make the private folder of this run's sockets: below systemd's, or among temporary files."""
    parent = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(tempfile.mkdtemp(prefix="yett-", dir=parent or None))


def run_recorder(ledger: Path, door: Path, journal: Journal, channel: Channel) -> int:
    """Record until SIGTERM; what keeps it from it is told to the supervisor and to the log."""
    speak_through(journal.named("recorder"))
    try:
        recorder.run(ledger, door)
    except LedgerError as error:
        hint = error.hint or "`store.ledger` is a folder that only yett writes"
        channel.send({"failed": str(error), "hint": hint, "code": 3})
        journal.named("recorder").write("recorder-failed", error=str(error), hint=hint)
        return 3
    return 0


def reachable(door: Path) -> bool:
    """Whether the recorder takes connections."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(door))
        except OSError:
            return False
    return True


def speak_through(journal: Journal) -> None:
    """Turn what libraries and rooms log (warnings and worse) into lifecycle lines."""
    root = logging.getLogger()
    root.handlers[:] = [_Lines(journal)]
    root.setLevel(logging.WARNING)


class _Lines(logging.Handler):
    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        # The message alone: a traceback would quote what was being handled.
        self._journal.write("log", level=record.levelname.lower(), message=record.getMessage())
