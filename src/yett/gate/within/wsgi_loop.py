"""The private event loop of a guarded WSGI service: a thread in which all that waits is done.

Keys, locks, records and reloads live in it; threads that serve requests ask it and wait. It begins
with the first request of a process, after whatever forks there are.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from yett.gate.edge import Sink
from yett.gate.within.core import Core
from yett.gate.within.upkeep import Upkeep
from yett.terms import Event

# The recorder of a large ledger takes its time to start.
START_SECONDS = 30.0
STOP_SECONDS = 10.0

Answer = TypeVar("Answer")


class ThreadSink:
    """A sink of the loop's, as threads may use it."""

    def __init__(self, sink: Sink, loop: asyncio.AbstractEventLoop) -> None:
        self._sink = sink
        self._loop = loop

    @property
    def full(self) -> bool:
        """Whether the next event could be lost."""
        return self._sink.full

    def append(self, event: Event) -> None:
        """Take an event, in the loop's next turn."""
        self._loop.call_soon_threadsafe(self._sink.append, event)

    async def durable(self, event: Event) -> bool:
        """Take an event and wait until it is on disk; in the loop."""
        return await self._sink.durable(event)


class LoopThread:
    """The loop of one process.

    Args:
        core: what requests share.
        upkeep: makes what goes on behind them, anew for each process.
    """

    def __init__(self, core: Core, upkeep: Callable[[], Upkeep]) -> None:
        self._core = core
        self._make = upkeep
        self._pid = 0
        self._starting = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)
        self._loop: asyncio.AbstractEventLoop
        self._upkeep: Upkeep

    def start(self) -> None:
        """Begin, once in each process.

        Raises:
            LedgerError: nothing can be recorded.
            StateError: the file of locks cannot be used.
        """
        if self._pid == os.getpid():
            return
        with self._starting:
            if self._pid == os.getpid():
                return
            self._loop = loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="yett", daemon=True).start()
            self._upkeep = self._make()
            try:
                self.ask(self._upkeep.start(), START_SECONDS)
            except BaseException:
                loop.call_soon_threadsafe(loop.stop)
                raise
            self._core.sink = ThreadSink(self._core.sink, loop)
            self._pid = os.getpid()
            atexit.register(self.stop)

    def ask(self, coro: Coroutine[Any, Any, Answer], seconds: float) -> Answer:
        """Have something done in the loop, and wait for it.

        Raises:
            TimeoutError: it took longer; it was cancelled.
        """
        asked = asyncio.run_coroutine_threadsafe(coro, self._loop)
        try:
            return asked.result(seconds)
        except TimeoutError:
            asked.cancel()
            raise

    def post(self, act: Callable[[], None]) -> None:
        """Have something done in the loop's next turn."""
        self._loop.call_soon_threadsafe(act)

    def stop(self) -> None:
        """Hand over what was recorded, and end."""
        if self._pid != os.getpid():
            return
        self._pid = 0
        atexit.unregister(self.stop)
        try:
            self.ask(self._upkeep.stop(), STOP_SECONDS)
        except TimeoutError:
            return  # whoever ends the process has waited long enough
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def _forget(self) -> None:
        """Begin anew in a forked child: threads do not come along, a lock may be held."""
        self._core.renew_guard(threading.RLock())
        self._pid = 0
        self._starting = threading.Lock()
