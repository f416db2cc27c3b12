"""What the tests of this room share: events, a ledger with some records, a real recorder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yett.records.ledger import ChainLedger, Entry
from yett.terms import Event

_RUN = """
import sys
from pathlib import Path
from yett.records.recorder import run
from yett.records.errors import LedgerError
try:
    run(Path(sys.argv[1]), Path(sys.argv[2]))
except LedgerError as error:
    sys.stderr.write(str(error) + "\\n")
    sys.exit(3)
"""


def make_event(number: int = 0, **fields) -> Event:
    given = {
        "time": 1_800_000_000.0 + number,
        "request": f"r{number}",
        "method": "GET",
        "path": f"/bookings/{number}",
        "operation": "portal.getBooking",
        "source": "203.0.113.9",
        "principal": f"user-{number % 3}",
        "verdict": "allow",
        "status": 200,
    }
    return Event(**{**given, **fields})


class RecorderProcess:
    """A recorder in a process of its own, on a folder and a socket under `home`."""

    def __init__(self, home: Path, *, prelude: str = "") -> None:
        self.folder = home / "ledger"
        self.socket = home / "run" / "r.sock"
        self.prelude = prelude
        self.process: subprocess.Popen | None = None

    def start(self, *, wait: bool = True) -> RecorderProcess:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.prelude + _RUN, str(self.folder), str(self.socket)],
            stderr=subprocess.PIPE,
        )
        until = time.monotonic() + 20
        while wait and not self.reachable():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < until
            time.sleep(0.02)
        return self

    def reachable(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(os.fspath(self.socket)) == 0

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.errors = self.process.stderr.read().decode()
        self.process.stderr.close()
        self.process = None
        return code

    def stop(self) -> int:
        return self.kill(signal.SIGTERM)


@pytest.fixture
def home(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def new_recorder(home):
    made = []

    def make(**settings):
        made.append(RecorderProcess(home, **settings))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None:
            one.kill()


@pytest.fixture
def recorder(new_recorder):
    return new_recorder().start()


@pytest.fixture
def event():
    return make_event


@pytest.fixture
def entries():
    """Make entries of one worker: `entries(first, count)`."""

    def make(first: int, count: int, worker: str = "w0"):
        return [Entry(worker, n, make_event(n)) for n in range(first, first + count)]

    return make


@pytest.fixture
def filled(tmp_path, entries):
    """A closed ledger of 200 records in several segments."""
    folder = tmp_path / "ledger"
    with ChainLedger(folder, segment_bytes=12_000, clock=lambda: 1_800_001_000.0) as ledger:
        for first in range(1, 201, 10):
            ledger.append(entries(first, 10))
    return folder
