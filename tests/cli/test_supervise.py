"""The supervisor keeps real processes alive and takes them down in order."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

# A recorder and workers that do nothing but say what is asked of a child.
PRELUDE = """
import os, signal, sys, time
from yett.cli.journal import Journal
from yett.cli.slots import Slot, StartError
from yett.cli.supervise import Supervisor

def recorder(channel):
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    channel.send({"ready": True})
    while not stopped:
        if channel.wait(0.05) is None:
            return 4
    return 0

def worker(channel):
    channel.send({"ready": True})
    while True:
        message = channel.wait(1.0)
        if message is None:
            return 5
        if message.get("do") == "drain":
            return 0

class Operator:
    def __init__(self): self.journal = Journal("json", "operator")
    def heard(self, child, message): self.journal.write("heard", child=child.role, **message)
    def ended(self, child): self.journal.write("ended", child=child.role)
    def tick(self): pass
    def hang_up(self): self.journal.write("hang-up")

def main(workers, recorder=recorder, drain=2.0):
    journal = Journal("json")
    slots = tuple(Slot(f"worker-{i}", run) for i, run in enumerate(workers))
    with Supervisor(Slot("recorder", recorder), slots, journal, drain) as supervisor:
        try:
            supervisor.start()
        except StartError as error:
            journal.write("cannot-start", message=error.message, hint=error.hint)
            return error.code
        children = {s.role: s.child.pid for s in (supervisor._recorder, *slots)}
        journal.write("up", children=children)
        return supervisor.serve(Operator())
"""


class Run:
    """A supervisor in a process of its own, and the lines it has written."""

    def __init__(self, text):
        code = PRELUDE + textwrap.dedent(text)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stderr=subprocess.PIPE, start_new_session=True
        )
        self.lines = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            with self.news:
                self.lines.append(json.loads(line))
                self.news.notify_all()

    def wait(self, event, count=1, **fields):
        """The `count`th line with this event and these fields."""

        def found():
            wanted = {"event": event, **fields}.items()
            return [line for line in self.lines if wanted <= line.items()]

        with self.news:
            assert self.news.wait_for(lambda: len(found()) >= count, 20), self.lines
            return found()[count - 1]

    def end(self):
        code = self.process.wait(20)
        self.reader.join(5)
        return code


@pytest.fixture
def run():
    started = []

    def start(text):
        started.append(Run(text))
        return started[-1]

    yield start
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.end()
        one.process.stderr.close()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_worker_is_replaced_at_once(run):
    """Kill -9 of a worker brings a new one, and leaves the others alone."""
    gate = run("sys.exit(main([worker, worker]))")
    children = gate.wait("up")["children"]
    os.kill(children["worker-0"], signal.SIGKILL)
    died = gate.wait("died", child="worker-0")
    assert (died["code"], died["delay"]) == (-signal.SIGKILL, 0.0)
    new = gate.wait("ready", child="worker-0")["pid"]
    assert new != children["worker-0"]
    assert alive(children["worker-1"])


def test_a_killed_recorder_is_replaced(run):
    """Kill -9 of the recorder brings a new one; no worker is touched."""
    gate = run("sys.exit(main([worker]))")
    children = gate.wait("up")["children"]
    os.kill(children["recorder"], signal.SIGKILL)
    gate.wait("ready", child="recorder")
    assert alive(children["worker-0"])


def test_a_crash_loop_slows_down(run):
    """A worker that dies young again and again is started ever more rarely."""
    gate = run("""
        started = time.time()
        def fragile(channel):
            channel.send({"ready": True})
            if time.time() - started < 0.3: time.sleep(0.3)
            os._exit(9)
        sys.exit(main([fragile]))
    """)
    fifth = gate.wait("died", count=5)
    delays = [line["delay"] for line in gate.lines if line["event"] == "died"][:5]
    assert delays == [0.0, 0.1, 0.2, 0.4, 0.8]
    assert fifth["code"] == 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_in_order(run, number):
    """Workers drain first, the recorder goes last, and the command exits 0."""
    gate = run("sys.exit(main([worker, worker]))")
    gate.wait("up")
    os.kill(gate.process.pid, number)
    assert gate.end() == 0
    order = [line["child"] for line in gate.lines if line["event"] == "stopped"]
    assert sorted(order[:2]) == ["worker-0", "worker-1"]
    assert order[2:] == ["recorder"]


def test_ctrl_c_reaches_only_the_supervisor(run):
    """A SIGINT to the whole group, as a terminal sends it, is one orderly stop."""
    gate = run("sys.exit(main([worker]))")
    gate.wait("up")
    os.killpg(gate.process.pid, signal.SIGINT)
    assert gate.end() == 0
    assert gate.wait("stopped", child="worker-0")["code"] == 0
    assert [line["at_once"] for line in gate.lines if line["event"] == "stopping"] == [False]


def test_a_second_signal_stops_at_once(run):
    """A worker that does not end is cut by the second SIGINT, and the exit code says so."""
    gate = run("""
        def stubborn(channel):
            channel.send({"ready": True})
            time.sleep(60)
        sys.exit(main([stubborn], drain=60.0))
    """)
    gate.wait("up")
    os.kill(gate.process.pid, signal.SIGINT)
    gate.wait("stopping")
    os.kill(gate.process.pid, signal.SIGINT)
    assert gate.end() == 3
    gate.wait("cut", child="worker-0")
    assert gate.wait("stopped", child="recorder")["code"] == 0


def test_a_worker_that_drains_too_long_is_cut(run):
    """After the drain timeout nobody waits any longer."""
    gate = run("""
        import yett.cli.takedown as module
        module.CLOSING_SECONDS = 0.1
        def stubborn(channel):
            channel.send({"ready": True})
            time.sleep(60)
        sys.exit(main([stubborn, worker], drain=0.1))
    """)
    gate.wait("up")
    os.kill(gate.process.pid, signal.SIGTERM)
    assert gate.end() == 3
    assert [line["child"] for line in gate.lines if line["event"] == "cut"] == ["worker-0"]


def test_no_child_outlives_its_supervisor(run):
    """Kill -9 of the supervisor ends its children: each notices that the line is dead."""
    gate = run("sys.exit(main([worker, worker]))")
    children = gate.wait("up")["children"]
    os.kill(gate.process.pid, signal.SIGKILL)
    gate.process.wait(10)
    until = time.monotonic() + 10
    while any(alive(pid) for pid in children.values()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in children.values())


def test_why_a_child_cannot_start_is_said(run):
    """What a child says when it fails to start is what the user reads; nobody stays behind."""
    gate = run("""
        def failing(channel):
            channel.send({"failed": "the ledger is locked", "hint": "stop it", "code": 3})
            return 3
        sys.exit(main([worker], recorder=failing))
    """)
    assert gate.end() == 3
    said = gate.wait("cannot-start")
    assert (said["message"], said["hint"]) == ("the ledger is locked", "stop it")


def test_a_crash_at_start_has_no_stack_trace(run):
    """An unexpected exception in a child is one line with its type and place, not its text."""
    gate = run("""
        def crashing(channel):
            raise RuntimeError("secret in the text")
        sys.exit(main([crashing]))
    """)
    assert gate.end() == 3
    crashed = gate.wait("crashed", role="worker-0")
    assert crashed["error"] == "RuntimeError"
    assert gate.wait("cannot-start")["message"] == "the worker-0 ended while it started"
    assert "secret" not in json.dumps(gate.lines)


def test_a_worker_that_leaves_is_replaced_while_it_drains(run):
    """Its slot is filled at once; the end of the one that left is told with its exit code."""
    gate = run("""
        first = []
        def leaving(channel):
            channel.send({"ready": True})
            if not os.path.exists(MARK):
                open(MARK, "w").close()
                channel.send({"leaving": True})
                time.sleep(1.0)
                return 0
            return worker(channel)
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            MARK = folder + "/left"
            code = main([leaving])
        sys.exit(code)
    """)
    first = gate.wait("up")["children"]["worker-0"]
    second = gate.wait("ready", child="worker-0")["pid"]
    assert alive(first)
    assert second != first
    left = gate.wait("left", child="worker-0")
    assert (left["pid"], left["code"]) == (first, 0)
    os.kill(gate.process.pid, signal.SIGTERM)
    assert gate.end() == 0


def test_a_worker_that_hangs_is_replaced(run):
    """A worker that says nothing for too long is killed and replaced; one that speaks is not."""
    gate = run("""
        import yett.cli.supervise as module
        module.SILENT_SECONDS = 1.0
        def lively(channel):
            channel.send({"ready": True})
            while channel.wait(0.2) == {}:
                channel.send({"turns": True})
            return 0
        sys.exit(main([worker, lively]))
    """)
    children = gate.wait("up")["children"]
    assert gate.wait("hangs")["pid"] == children["worker-0"]
    assert gate.wait("died")["code"] == -signal.SIGKILL
    gate.wait("ready", child="worker-0")
    assert alive(children["worker-1"])


def test_a_stopped_supervisor_does_not_take_everybody_for_hanging(run):
    """After a SIGSTOP of all processes and a SIGCONT nobody is killed."""
    gate = run("""
        import yett.cli.supervise as module
        module.SILENT_SECONDS = 1.0
        def lively(channel):
            channel.send({"ready": True})
            while channel.wait(0.2) == {}:
                channel.send({"turns": True})
            return 0
        sys.exit(main([lively]))
    """)
    children = gate.wait("up")["children"]
    os.killpg(gate.process.pid, signal.SIGSTOP)
    time.sleep(1.5)
    os.killpg(gate.process.pid, signal.SIGCONT)
    time.sleep(1.0)
    assert alive(children["worker-0"])
    assert not [line for line in gate.lines if line["event"] in ("hangs", "died")]


def test_a_stop_does_not_wait_for_a_helper(run):
    """A check of a contract that is under way ends with the stop, and the exit code is 0."""
    gate = run("""
        def busy(channel):
            time.sleep(60)
            return 0
        class Spawning(Operator):
            begun = False
            def tick(self):
                if not self.begun:
                    self.begun = True
                    supervisor.spawn("checker", busy)
                    self.journal.write("spawned")
        journal = Journal("json")
        slots = (Slot("worker-0", worker),)
        with Supervisor(Slot("recorder", recorder), slots, journal, 30.0) as supervisor:
            supervisor.start()
            code = supervisor.serve(Spawning())
        sys.exit(code)
    """)
    gate.wait("spawned")
    began = time.monotonic()
    os.kill(gate.process.pid, signal.SIGTERM)
    assert gate.end() == 0
    assert time.monotonic() - began < 15


def test_messages_and_hang_up_reach_the_operator(run):
    """What a worker says and a SIGHUP go to the operator."""
    gate = run("""
        def chatty(channel):
            channel.send({"ready": True})
            channel.send({"n": 1})
            return worker(channel)
        sys.exit(main([chatty]))
    """)
    gate.wait("up")
    assert gate.wait("heard", n=1)["child"] == "worker-0"
    os.kill(gate.process.pid, signal.SIGHUP)
    gate.wait("hang-up")
