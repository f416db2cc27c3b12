"""The order of a stop, and when it stops waiting."""

from __future__ import annotations

import signal

import pytest

from yett.cli import takedown
from yett.cli.journal import Journal
from yett.cli.takedown import Takedown


class Process:
    def __init__(self, role):
        self.role = role
        self.pid = 1
        self.channel = self
        self.sent = []
        self.killed = []

    def send(self, message):
        self.sent.append(message)

    def kill(self, number):
        self.killed.append(number)


@pytest.fixture
def stop():
    return Takedown(Journal("json"))


def test_the_recorder_goes_when_the_last_worker_has_gone(stop):
    """Workers are asked to drain; the recorder gets its SIGTERM once, after them."""
    worker, recorder = Process("worker-0"), Process("recorder")
    stop.begin("SIGTERM", [worker], 60.0)
    stop.go_on([worker], recorder)
    assert worker.sent == [{"do": "drain"}]
    assert recorder.killed == worker.killed == []
    stop.go_on([], recorder)
    stop.go_on([], recorder)
    assert recorder.killed == [signal.SIGTERM]
    assert not stop.cut


def test_who_is_late_is_cut_and_counted(stop, monkeypatch):
    """After the drain a worker is killed, which counts as cut; so is a recorder that hangs."""
    monkeypatch.setattr(takedown, "CLOSING_SECONDS", 0.0)
    monkeypatch.setattr(takedown, "RECORDER_SECONDS", 0.0)
    worker, recorder = Process("worker-0"), Process("recorder")
    stop.begin("SIGTERM", [worker], 0.0)
    stop.go_on([worker], recorder)
    assert worker.killed == [signal.SIGKILL]
    assert stop.cut
    stop.go_on([], recorder)
    stop.go_on([], recorder)
    assert recorder.killed == [signal.SIGTERM, signal.SIGKILL]


def test_a_second_signal_waits_for_nobody(stop):
    """Whatever the drain is, the second signal cuts at the next turn."""
    worker = Process("worker-0")
    stop.begin("SIGTERM", [worker], 600.0)
    stop.begin("SIGINT", [worker], 600.0)
    stop.go_on([worker], None)
    assert worker.killed == [signal.SIGKILL]
