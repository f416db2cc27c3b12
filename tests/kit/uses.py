"""Other processes that use what is good once; spawned, so they share nothing but the file."""

from __future__ import annotations

import fcntl
import multiprocessing

from yett.state.replays import open_replays

SPAWN = multiprocessing.get_context("spawn")
NOW = 1_800_000_000.0
MOST = 1024


def use(memory, name="a", now=NOW, until=None, made=None):
    """Use a name that is good for a minute."""
    return memory.first_use(name, now + 60 if until is None else until, made or now, now)


def race(path, rounds, start, queue):
    """Use one name after the other, each at the same moment as all others do."""
    memory = open_replays(path, MOST)
    won = []
    for at in range(rounds):
        start.wait()
        won.append(use(memory, f"name-{at}"))
    queue.put(won)


def hold(path, held, done):
    """Lock every bucket, as a process would that is stopped at the wrong moment."""
    memory = open_replays(path, MOST)
    use(memory, "other")
    fcntl.lockf(memory._table.handle, fcntl.LOCK_EX, 0, 0)
    held.set()
    done.wait()
