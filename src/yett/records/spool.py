"""The worker's side of the record: a list that the hot path appends to, sent on in batches.

`append` does no I/O (0.1 us, bench/records.py). A timer encodes what gathered and sends it to the
recorder; what is not acknowledged is kept and sent again. Bounded: when the recorder is away too
long the spool is `full`, and what comes then is counted, and the count becomes a record as soon as
there is room. Never blocks, never drops without counting. One event loop, one thread.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from pathlib import Path

from yett.records.frames import encode_batches, named
from yett.records.link import Link
from yett.terms import Event

LIMIT_EVENTS = 65_536
LIMIT_BYTES = 64 * 1024 * 1024
BATCH_EVENTS = 256
FLUSH_SECONDS = 0.02
DURABLE_SECONDS = 2.0
CLOSE_SECONDS = 5.0


class Spool:
    """Events of one worker on their way to the recorder.

    Args:
        socket_path: the recorder's unix socket.
        worker_id: 1 to 40 letters, digits, `.`, `_`, `-`; a random boot id is added.
        limit: most events held, unacknowledged ones included.
        limit_bytes: most encoded bytes held; at the most one batch more.
        batch: events in a frame, which is also what is encoded in one go.
        interval: seconds an event waits for others.

    Raises:
        ValueError: when the worker's name is not one.
    """

    def __init__(
        self,
        socket_path: Path,
        worker_id: str,
        *,
        limit: int = LIMIT_EVENTS,
        limit_bytes: int = LIMIT_BYTES,
        batch: int = BATCH_EVENTS,
        interval: float = FLUSH_SECONDS,
    ) -> None:
        if not named(worker_id) or len(worker_id) > 40:
            raise ValueError("a worker's name is 1 to 40 letters, digits, `.`, `_` and `-`")
        self.worker = f"{worker_id}-{secrets.token_hex(8)}"
        self.lost = 0
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._batch = batch
        self._interval = interval
        self._fresh: list[Event] = []
        self._next = 1
        self._acknowledged = 0
        self._room = limit
        self._unsaid = 0
        self._timer: asyncio.Handle | None = None
        self._soon = False
        self._waiters: deque[tuple[int, asyncio.Future[bool]]] = deque()
        self._link = Link(socket_path, self._settle)
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether the next event would be lost."""
        return len(self._fresh) >= self._room

    @property
    def held(self) -> int:
        """Events that are not known to be on the disk."""
        return self._next - 1 - self._acknowledged + len(self._fresh)

    @property
    def connected(self) -> bool:
        """Whether the recorder is reached at the moment."""
        return self._link.connected

    def append(self, event: Event) -> None:
        """Take an event; when the spool is full it is counted instead."""
        fresh = self._fresh
        count = len(fresh)
        if count >= self._room:
            self.lost += 1
            self._unsaid += 1
            return
        fresh.append(event)
        if not count:
            self._arm(self._interval)
        elif count == self._batch:
            self._arm(0)

    async def durable(self, event: Event, *, within: float = DURABLE_SECONDS) -> bool:
        """Take an event and wait until it is on the disk.

        Args:
            event: the event.
            within: seconds to wait.

        Returns:
            False when it is not known to be there: the spool is full or the time is over. It may
            still be written later; a record of an intention is no record of its success.
        """
        if self.full:
            self.append(event)
            return False
        sequence = self._next + len(self._fresh)
        self.append(event)
        self._arm(0)
        return await self._wait(sequence, within)

    async def close(self, *, within: float = CLOSE_SECONDS) -> int:
        """Send what is left and wait for its acknowledgement.

        Returns:
            How many events are not known to be on the disk.
        """
        self.flush()
        if self.held:
            await self._wait(self._next - 1, within)
        self._closed = True
        self._room = 0
        self._disarm()
        self._link.close()
        return self.held

    def flush(self) -> None:
        """Encode and send what gathered."""
        self._disarm()
        fresh = self._fresh
        if self._unsaid and len(fresh) < self._room:
            fresh.append(_lost(self._unsaid))
            self._unsaid = 0
        for at in range(0, len(fresh), self._batch):
            events = fresh[at : at + self._batch]
            for last, frame in encode_batches(self.worker, self._next, events):
                self._link.send(last, frame)
            self._next += len(events)
        fresh.clear()
        self._measure()
        self._link.pump()

    def _wait_done(self, sequence: int) -> None:
        waiters = self._waiters
        while waiters and waiters[0][0] <= sequence:
            waiter = waiters.popleft()[1]
            if not waiter.done():
                waiter.set_result(True)

    async def _wait(self, sequence: int, seconds: float) -> bool:
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append((sequence, waiter))
        try:
            async with asyncio.timeout(seconds):
                return await waiter
        except TimeoutError:
            return False

    def _settle(self, sequence: int) -> None:
        self._acknowledged = max(self._acknowledged, sequence)
        self._measure()
        self._wait_done(sequence)
        if self._unsaid and not self.full:
            self._arm(self._interval)

    def _measure(self) -> None:
        held = self._next - 1 - self._acknowledged
        roomy = self._link.held_bytes < self._limit_bytes and not self._closed
        self._room = max(0, self._limit - held) if roomy else 0

    def _arm(self, seconds: float) -> None:
        """See to it that `flush` runs after `seconds`; 0 is at the next turn of the loop."""
        if self._soon or (seconds and self._timer is not None):
            return
        loop = asyncio.get_running_loop()
        self._disarm()
        self._soon = not seconds
        self._timer = (
            loop.call_later(seconds, self.flush) if seconds else loop.call_soon(self.flush)
        )

    def _disarm(self) -> None:
        self._soon = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _lost(count: int) -> Event:
    note = f"{count} events were not recorded: the recorder was away and the spool was full"
    return Event(time=time.time(), request="", kind="lost", note=note)
