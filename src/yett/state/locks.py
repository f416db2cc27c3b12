"""One writer at a time for each record, among all tasks and all worker processes of a host.

Who waits in this process waits in a queue; among processes the kernel decides, by a lock on one
byte of a shared file, at a place made from the record's key. The kernel takes it back when a
process dies, however it dies. Everything is bounded: the wait, and how many wait. It never reads
or writes a byte of that file, and never blocks the loop: a taken byte is asked for again.
fcntl(2), "Advisory record locking".
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections import deque
from hashlib import blake2b

# A record that 64 write at the same time is contended for a reason that waiting does not mend.
MAX_WAITING_PER_RECORD = 64
MAX_WAITING = 4_096
FIRST_PAUSE_SECONDS = 0.001
LONGEST_PAUSE_SECONDS = 0.02
# So many waiters of this process in a row, then other processes get a turn if they wait: a byte
# that is never free for as long as their longest pause would be theirs by chance only.
TURNS = 16

_PLACES = (1 << 61) - 1  # F_SETLK takes an off_t
_WAITED_FOR = 1 << 61  # a place's other byte: whoever waits for the place holds a part of it


class Held:
    """A record that is held; `release` may be called again, and then does nothing."""

    __slots__ = ("_locks", "_place")

    def __init__(self, locks: Locks, place: int) -> None:
        self._locks: Locks | None = locks
        self._place = place

    def release(self) -> None:
        """Let the next one write."""
        locks, self._locks = self._locks, None
        if locks is not None:
            locks.let_go(self._place)


class _Queue:
    __slots__ = ("turns", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.turns = 0


class Locks:
    """The records that are being written. One object per process: the kernel tells processes apart.

    Args:
        file: descriptor of the file of all processes that share the records, see `shared_file`; it
            must stay open, and no other descriptor of that file may be closed in this process,
            which would free all that it holds. -1 where there is one process only.
    """

    def __init__(self, file: int = -1) -> None:
        self._fd = file
        self._queues: dict[int, _Queue] = {}
        self._waiting = 0

    @property
    def taken(self) -> int:
        """How many records are held or waited for."""
        return len(self._queues)

    def seize(self, key: str) -> Held | None:
        """Take a record that nobody writes or waits for, without waiting; else None."""
        place = _place(key)
        if place in self._queues or (self._fd >= 0 and not self._try(place)):
            return None
        self._queues[place] = _Queue()
        return Held(self, place)

    async def take(self, key: str, seconds: float) -> Held | None:
        """Wait until nobody else writes a record, at most `seconds`; None when it stays taken.

        Cancelled or not, nothing is left behind.
        """
        place = _place(key)
        try:
            async with asyncio.timeout(seconds):
                if not await self._queue_up(place):
                    return None
                try:
                    await self._ask(place)
                except BaseException:
                    self._hand_over(place)
                    raise
        except TimeoutError:
            return None
        return Held(self, place)

    def let_go(self, place: int) -> None:
        """Free a place and wake who waits for it; `Held.release` calls it, once."""
        if self._fd >= 0:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, place)
        self._hand_over(place)

    async def _queue_up(self, place: int) -> bool:
        """Wait for one's turn in this process; False where too many do."""
        queue = self._queues.get(place)
        if queue is None:
            self._queues[place] = _Queue()
            return True
        if len(queue.waiting) >= MAX_WAITING_PER_RECORD or self._waiting >= MAX_WAITING:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.waiting.append(turn)
        self._waiting += 1
        try:
            await turn
        except BaseException:
            with contextlib.suppress(ValueError):
                queue.waiting.remove(turn)
            if turn.done() and not turn.cancelled():
                self._hand_over(place)  # it was given to us in the very turn in which we left
            raise
        finally:
            self._waiting -= 1
        return True

    def _hand_over(self, place: int) -> None:
        queue = self._queues[place]
        while queue.waiting:
            turn = queue.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._queues[place]

    async def _ask(self, place: int) -> None:
        """Ask the kernel for the place until it is ours."""
        if self._fd < 0:
            return
        queue = self._queues[place]
        queue.turns += 1
        if queue.turns > TURNS:
            queue.turns = 0
            if self._others_wait(place):
                await asyncio.sleep(1.5 * LONGEST_PAUSE_SECONDS)
        if not self._try(place):
            await self._wait_for_others(place)

    async def _wait_for_others(self, place: int) -> None:
        pause, told = FIRST_PAUSE_SECONDS, False
        try:
            while not self._try(place):
                # The other byte may be taken for a moment by one who asks whether somebody waits.
                told = told or self._lock(fcntl.LOCK_SH, place | _WAITED_FOR)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        finally:
            if told:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, place | _WAITED_FOR)

    def _others_wait(self, place: int) -> bool:
        if not self._lock(fcntl.LOCK_EX, place | _WAITED_FOR):
            return True
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, place | _WAITED_FOR)
        return False

    def _try(self, place: int) -> bool:
        return self._lock(fcntl.LOCK_EX, place)

    def _lock(self, kind: int, place: int) -> bool:
        try:
            fcntl.lockf(self._fd, kind | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, fcntl(2)
            return False
        return True


def shared_file() -> int:
    """Make the file that processes share, before they are forked; answers its descriptor.

    In memory and without a name: what cleans up among temporary files cannot take it away, after
    which an old and a new worker would lock two files.
    """
    return os.memfd_create("yett-locks", os.MFD_CLOEXEC)


def _place(key: str) -> int:
    """Where a key's byte is. Two keys at one place wait for each other, which is all that happens.

    The queues go by place, not by key: one process may lock its byte twice, and the first release
    would free both.
    """
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") & _PLACES
