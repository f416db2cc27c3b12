"""The one coarse timer."""

from __future__ import annotations

import asyncio

from yett.wire import clock
from yett.wire.clock import NEVER, Clock


class Waiter:
    def __init__(self, when, timer):
        self.deadline = when
        self.expired = 0
        self.timer = timer

    def expire(self, now):
        self.expired += 1
        self.deadline = NEVER
        self.timer.forget(self)  # as a connection that ends does


async def test_only_the_due_expire_and_the_set_may_change_meanwhile():
    """A sweep calls each due one once, even when they leave during it."""
    timer = Clock(asyncio.get_running_loop())
    early, late = [Waiter(10.0, timer) for _ in range(3)], Waiter(20.0, timer)
    for one in (*early, late):
        timer.watch(one)
    timer.sweep(15.0)
    assert [one.expired for one in early] == [1, 1, 1]
    assert late.expired == 0
    timer.sweep(25.0)
    assert late.expired == 1
    assert timer.now == 25.0


async def test_it_ticks_until_stopped(monkeypatch):
    """`now` and `date` go on while it runs, and stop with it."""
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.01)
    timer = Clock(asyncio.get_running_loop())
    before = timer.now
    timer.start()
    timer.start()
    await asyncio.sleep(0.05)
    assert timer.now > before
    assert timer.date.endswith(b" GMT")
    timer.stop()
    stopped = timer.now
    await asyncio.sleep(0.03)
    assert timer.now == stopped
