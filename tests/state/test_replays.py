"""What is good once is good once: among threads, processes, restarts, and when all is full."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kit.uses import MOST, NOW, SPAWN, hold, race, use

from yett.state.replays import Replays, open_replays


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "used"


def test_once(path):
    """The first use passes, no other does until it is over."""
    memory = open_replays(path, MOST)
    assert use(memory)
    assert not use(memory)
    assert not use(memory, now=NOW + 59, made=NOW)
    assert use(memory, "b")


def test_a_look_says_what_a_use_would(path):
    """What is unused can be used, what was used, is older than the memory, or cannot be kept not."""
    memory = open_replays(path, MOST)
    for name, now in (("a", NOW), ("a", NOW), ("a", NOW + 59), ("b", NOW + 59), ("a", NOW + 61)):
        seen = [memory.unused(name, NOW, now) for _ in range(3)]
        assert (
            seen == [use(memory, name, now=now, until=NOW + 60 if now < NOW + 60 else now + 1)] * 3
        )
    blocked = Replays(path.parent, MOST)
    assert not blocked.unused("a", NOW, NOW)


def test_a_look_knows_no_more_than_the_memory(path):
    """What was made before the memory began may have been used."""
    path.parent.mkdir()
    path.write_bytes(b"of another size")
    path.chmod(0o600)
    memory = open_replays(path, MOST)
    assert not memory.unused("a", NOW - 1, NOW)
    assert memory.unused("a", NOW + 1, NOW)


def test_what_is_over_leaves_its_place(path):
    """After its time an entry is nobody's; its name is free again."""
    memory = open_replays(path, MOST)
    assert use(memory)
    assert use(memory, now=NOW + 61)


def test_nothing_is_made_before_it_is_needed(path):
    """A gate whose callers send no proof needs no folder to write to."""
    open_replays(path, MOST)
    assert not path.parent.exists()


def test_it_survives_a_restart(path):
    """A new process knows what the one before had seen, however that one died."""
    code = (
        "import sys, os, pathlib; from yett.state.replays import open_replays\n"
        f"r = open_replays(pathlib.Path(sys.argv[1]), {MOST})\n"
        f"print(r.first_use('a', {NOW} + 60, {NOW}, {NOW}), flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=False)
    assert done.stdout == b"True\n"
    assert done.returncode == -signal.SIGKILL
    assert not use(open_replays(path, MOST))


def test_processes_share_one_memory(path):
    """Of four processes that use the same name at the same moment exactly one is the first."""
    rounds, many = 25, 4
    start, queue = SPAWN.Barrier(many), SPAWN.Queue()
    racing = [SPAWN.Process(target=race, args=(path, rounds, start, queue)) for _ in range(many)]
    for one in racing:
        one.start()
    won = [queue.get(timeout=60) for _ in racing]
    for one in racing:
        one.join()
    assert [sum(row) for row in zip(*won, strict=True)] == [1] * rounds


def test_threads_share_one_memory(path):
    """Of fifty threads with one name one is the first: a WSGI server has threads."""
    memory, start, won = open_replays(path, MOST), threading.Barrier(50), []

    def one():
        start.wait()
        won.append(use(memory))

    threads = [threading.Thread(target=one) for _ in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert won.count(True) == 1
    assert len(won) == 50


def test_a_process_has_one_descriptor(path):
    """Two views of one folder use one memory; closing another would free its locks."""
    assert open_replays(path, MOST) is open_replays(path, 4096)


def test_a_memory_that_nobody_uses_is_closed(path):
    """A view that is gone leaves no descriptor behind."""
    memory = open_replays(path, MOST)
    use(memory)
    handle = memory._table.handle
    del memory
    gc.collect()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(handle)


def test_when_full_nothing_more_is_good(path, caplog):
    """Full of what is still good the answer is no, never that something is forgotten."""
    memory = open_replays(path, MOST)
    used, at = [], 0
    while use(memory, f"name-{at}"):
        used.append(f"name-{at}")
        at += 1
    assert at >= MOST
    assert "is full" in caplog.text
    assert not any(use(memory, name) for name in used)
    assert use(memory, f"name-{at}", now=NOW + 61)


def test_that_it_is_full_is_said_once_a_minute(path, caplog):
    """A flood does not fill the log as well."""
    memory = open_replays(path, MOST)
    for at in range(MOST * 3):
        use(memory, f"name-{at}")
    assert caplog.text.count("is full") == 1


def test_what_is_older_than_the_memory_is_refused(path):
    """After a boot nobody knows what was used before it."""
    use(open_replays(path, MOST))
    gc.collect()
    memory = open_replays(path, 2 * MOST)
    assert not use(memory, "older", now=NOW + 1, made=NOW)
    assert use(memory, "younger", now=NOW + 1)


def test_where_the_file_cannot_be_made_nothing_passes(tmp_path, caplog):
    """Without a memory the answer is no; it is said, and tried again a second later."""
    (tmp_path / "var").write_text("a file")
    memory = open_replays(tmp_path / "var" / "used", MOST)
    assert not use(memory)
    assert not use(memory, "b")
    assert len(caplog.records) == 1
    (tmp_path / "var").unlink()
    assert use(memory, now=NOW + 2)


def test_a_process_that_stands_still_is_not_waited_for(path, caplog):
    """Who is stopped while it holds a bucket costs the others a bounded wait and a refusal."""
    held, done = SPAWN.Event(), SPAWN.Event()
    holder = SPAWN.Process(target=hold, args=(path, held, done))
    holder.start()
    assert held.wait(60)
    memory = open_replays(path, MOST)
    assert not use(memory)
    assert "does not let go" in caplog.text
    done.set()
    holder.join()
    assert use(memory)


class Model(RuleBasedStateMachine):
    """The memory beside a dictionary that forgets nothing it should know."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.memory = Replays(Path(self.folder.name) / "used", MOST)
        self.known, self.now = {}, NOW

    @rule(name=st.integers(0, 40), lasting=st.floats(0.5, 100))
    def use(self, name, lasting):
        wanted = self.known.get(name, 0) <= self.now
        until = self.now + lasting
        assert self.memory.first_use(str(name), until, self.now, self.now) is wanted
        if wanted:
            self.known[name] = until

    @rule(seconds=st.floats(0, 50))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def reopen(self):
        path = self.memory.path
        self.memory = None
        self.memory = Replays(path, MOST)

    @invariant()
    def born_at_the_beginning(self):
        assert self.memory._table is None or self.memory._table.born == 0

    def teardown(self):
        self.memory = None
        self.folder.cleanup()


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
