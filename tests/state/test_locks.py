"""One writer at a time for a record: among tasks, among processes, and after a death."""

from __future__ import annotations

import asyncio
import os
import random
import signal

import pytest

from yett.state import locks as module
from yett.state.locks import Locks, shared_file

LONG = 20.0


@pytest.fixture
def shared():
    file = shared_file()
    yield file
    os.close(file)


class Process:
    """A forked process that takes and releases records when told; ends with the test."""

    def __init__(self, file):
        self.asks, theirs = os.pipe()
        mine, self.tells = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(theirs)
            os.close(mine)
            return
        try:
            os.close(self.asks)
            os.close(self.tells)
            asyncio.run(self.obey(Locks(file), mine, theirs))
        finally:
            os._exit(0)

    async def obey(self, locks, mine, theirs):
        held = {}
        while line := os.read(mine, 100):
            verb, _, key = line.decode().partition(" ")
            if verb == "take":
                held[key] = await locks.take(key, 0.1)
                os.write(theirs, b"y" if held[key] else b"n")
            else:
                held.pop(key).release()
                os.write(theirs, b"y")

    def tell(self, verb, key):
        os.write(self.tells, f"{verb} {key}".encode())
        return os.read(self.asks, 1) == b"y"

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture
def other(shared):
    process = Process(shared)
    yield process
    if process.pid:
        process.kill()


async def test_one_record_has_one_writer_and_others_do_not_wait():
    """A taken record is refused to a second writer after its time; another record is free."""
    locks = Locks()
    first = await locks.take("a", LONG)
    assert first
    assert await locks.take("a", 0.01) is None
    other = await locks.take("b", 0.01)
    assert other
    other.release()
    first.release()
    assert locks.taken == 0
    assert await locks.take("a", 0.01)


async def test_writers_come_in_the_order_in_which_they_asked(shared):
    """The queue of a process is first come, first served."""
    locks, order = Locks(shared), []

    async def write(number):
        held = await locks.take("a", LONG)
        order.append(number)
        await asyncio.sleep(0)
        held.release()

    await asyncio.gather(*(write(number) for number in range(40)))
    assert order == list(range(40))
    assert locks.taken == 0


async def test_releasing_twice_frees_nobody_else():
    """A second release of the same hold does not let a third writer in."""
    locks = Locks()
    first = await locks.take("a", LONG)
    first.release()
    second = await locks.take("a", LONG)
    first.release()
    assert await locks.take("a", 0.01) is None
    second.release()


async def test_too_many_waiters_are_refused_at_once(monkeypatch):
    """The queue of a record and all queues together are bounded."""
    monkeypatch.setattr(module, "MAX_WAITING_PER_RECORD", 2)
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    locks = Locks()
    held = [await locks.take(key, LONG) for key in "ab"]
    waiting = [asyncio.ensure_future(locks.take(key, LONG)) for key in "aab"]
    await asyncio.sleep(0)
    assert await locks.take("a", LONG) is None
    assert await locks.take("b", LONG) is None
    for one in held:
        one.release()
    for one in waiting:
        (await one).release()
    assert locks.taken == 0


async def test_who_leaves_while_waiting_leaves_nothing_behind(shared):
    """Waiters that are cancelled at any moment, even in the turn they are served, block nobody."""
    locks, rng = Locks(shared), random.Random(7)
    inside = 0

    async def write():
        nonlocal inside
        held = await locks.take("a", LONG)
        inside += 1
        assert inside == 1
        await asyncio.sleep(0)
        inside -= 1
        held.release()

    for _ in range(200):
        tasks = [asyncio.ensure_future(write()) for _ in range(4)]
        for _ in range(rng.randrange(6)):
            await asyncio.sleep(0)
        for task in tasks[1:]:
            if inside == 0 and rng.random() < 0.5:
                task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(r is None or isinstance(r, asyncio.CancelledError) for r in results), results
        assert locks.taken == 0


async def test_what_is_free_is_seized_at_once(shared, other):
    """A free record is taken without waiting; one that is held here or elsewhere is not."""
    locks = Locks(shared)
    first = locks.seize("a")
    assert first
    assert locks.seize("a") is None
    assert await locks.take("a", 0.01) is None
    assert not other.tell("take", "a")
    first.release()
    assert other.tell("take", "a")
    assert locks.seize("a") is None
    assert locks.taken == 0


async def test_two_processes_exclude_each_other(shared, other):
    """What another process holds is not given here, and is once it lets go."""
    locks = Locks(shared)
    assert other.tell("take", "a")
    assert await locks.take("a", 0.05) is None
    assert await locks.take("b", 0.05)
    other.tell("release", "a")
    mine = await locks.take("a", LONG)
    assert not other.tell("take", "a")
    mine.release()
    assert other.tell("take", "a")


async def test_the_kernel_takes_back_what_a_killed_process_held(shared, other):
    """A process that is killed while it holds a record blocks it no longer."""
    locks = Locks(shared)
    assert other.tell("take", "a")
    waiting = asyncio.ensure_future(locks.take("a", LONG))
    await asyncio.sleep(0.01)
    other.kill()
    other.pid = 0
    assert await waiting


async def test_a_busy_process_gives_the_others_a_turn(shared, other, monkeypatch):
    """However many wait in this process, another gets the record between them."""
    monkeypatch.setattr(module, "TURNS", 2)
    locks, done, taken = Locks(shared), False, 0

    async def write():
        nonlocal taken
        while not done:
            held = await locks.take("a", LONG)
            if held is None:
                continue
            taken += 1
            await asyncio.sleep(0)
            held.release()

    writers = [asyncio.ensure_future(write()) for _ in range(4)]
    loop = asyncio.get_running_loop()
    for _ in range(20):  # 0.1 s each; a starved one would be refused all of them
        if await loop.run_in_executor(None, other.tell, "take", "a"):
            done = True
            break
    assert done
    other.tell("release", "a")
    await asyncio.gather(*writers)


async def test_nobody_pauses_for_processes_that_do_not_wait(shared, other, monkeypatch):
    """A record that one process alone writes is handed on without a pause, however often."""
    monkeypatch.setattr(module, "TURNS", 1)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 3600.0)
    locks, done = Locks(shared), 0

    async def write():
        nonlocal done
        held = await locks.take("a", LONG)
        done += 1
        await asyncio.sleep(0)
        held.release()

    assert other.tell("take", "b")
    await asyncio.gather(*(write() for _ in range(20)))
    assert done == 20


async def test_a_wait_that_is_over_is_no_wait(shared, other, monkeypatch):
    """Who waited for another process, in vain or not, is not waited for any more."""
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.002)
    locks = Locks(shared)
    first = await locks.take("a", LONG)
    assert not other.tell("take", "a")
    first.release()
    assert other.tell("take", "a")
    waiting = asyncio.ensure_future(locks.take("a", LONG))
    await asyncio.sleep(0.02)
    waiting.cancel()
    await asyncio.wait({waiting})
    other.tell("release", "a")
    monkeypatch.setattr(module, "TURNS", 1)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 3600.0)

    async def write():
        (await locks.take("a", LONG)).release()

    await asyncio.gather(*(write() for _ in range(5)))


async def test_keys_at_one_place_wait_for_each_other(monkeypatch):
    """Two keys that fall on one byte are never both held: releasing one would free the other."""
    monkeypatch.setattr(module, "_place", lambda key: 5)
    locks = Locks()
    first = await locks.take("a", LONG)
    assert await locks.take("b", 0.01) is None
    first.release()
    assert await locks.take("b", 0.01)
