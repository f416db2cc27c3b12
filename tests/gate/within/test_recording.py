"""The recorder of a service: one for each ledger, started by whoever comes first."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

import pytest

from yett.gate.within.recording import RecorderChild, find_door, reachable


@pytest.fixture(autouse=True)
def _private(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="y") as short:  # a socket's path has 107 bytes
        monkeypatch.setenv("RUNTIME_DIRECTORY", short)
        yield


def test_two_workers_share_one_recorder(tmp_path):
    """The second finds the first's, by the ledger's name; another ledger has another door."""
    ledger = tmp_path / "ledger"
    one, two = RecorderChild(ledger), RecorderChild(ledger)
    try:
        assert one.await_start()
        assert two.await_start()
        assert one.door == two.door != find_door(tmp_path / "other")
        assert two._child is None
    finally:
        one.stop()
        two.stop()
    assert not reachable(one.door)


def test_two_that_start_at_once(tmp_path):
    """The ledger's lock lets one live; both workers are served by it."""
    ledger = tmp_path / "ledger"
    children = [RecorderChild(ledger) for _ in range(3)]
    try:
        for child in children:
            child._started = time.monotonic()
            child._child = child._start()
        assert all(child.await_start() for child in children)
    finally:
        for child in children:
            child.stop()


def test_a_recorder_that_cannot_start_is_told(tmp_path):
    """A ledger that is a file: nobody comes up, and nobody waits for long."""
    ledger = tmp_path / "ledger"
    ledger.write_text("")
    child = RecorderChild(ledger)
    began = time.monotonic()
    assert not child.await_start()
    child.stop()
    assert time.monotonic() - began < 14


def test_an_orphan_does_not_begin(tmp_path):
    """Whoever started it is gone already: it would never be ended."""
    told = [sys.executable, "-m", "yett.records", str(tmp_path / "l"), str(tmp_path / "s"), "1"]
    assert subprocess.run(told, check=False).returncode == 0
    assert not (tmp_path / "l").exists()
    assert os.getpid() != 1
