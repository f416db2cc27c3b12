"""The pool's own rules; towards real gateways they are proven in tests/gate/test_relay.py."""

from __future__ import annotations

import asyncio

from kit.gateway import OK, Recorder

from yett.policy.model import Upstream
from yett.wire import pool as pools
from yett.wire.clock import Clock
from yett.wire.errand import Errand, Failure
from yett.wire.pool import Pool, PoolLimits

RAW = b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n"


class Asking(Errand):
    """An errand that keeps what it hears."""

    def __init__(self):
        super().__init__()
        self.payload = RAW
        self.heard = []
        self.over = asyncio.Event()

    def upstream_head(self, head, body, *, complete):
        self.heard.append((head.status, body))
        if complete:
            self.over.set()

    def upstream_failed(self, failure, note):
        self.heard.append(failure)
        self.over.set()


def make(port, **changes):
    limits = {"connect_timeout": 1.0, "connections": 2, "pending": 2} | changes
    timer = Clock(asyncio.get_running_loop())
    upstream = Upstream("up", "http", "127.0.0.1", port)
    return Pool(upstream, PoolLimits(**limits), frozenset(), timer), timer


async def ask(pool, **how):
    errand = Asking()
    pool.take(errand, **how)
    await asyncio.wait_for(errand.over.wait(), 5)
    return errand.heard


async def test_connections_are_used_again_and_grow_old():
    """One connection serves many, and is closed before the upstream would."""
    async with Recorder(OK) as up:
        pool, timer = make(up.port)
        for _ in range(3):
            assert await ask(pool) == [(200, b"ok")]
        assert len(up.seen) == 1
        assert await ask(pool, fresh=True) == [(200, b"ok")]
        assert len(up.seen) == 2
        timer.sweep(timer.now + pools.IDLE_SECONDS + 1)
        assert not pool._idle
        assert not pool._links
        pool.abort()


async def test_bounds():
    """No more connections than allowed; a full queue says busy; who gave up is skipped."""
    release = asyncio.Event()

    async def slow(reader, writer, first):
        data = first
        while data:
            await release.wait()
            writer.write(OK)
            data = await reader.read(1 << 16)

    async with Recorder(slow) as up:
        pool, _ = make(up.port)
        errands = [Asking() for _ in range(5)]
        for errand in errands:
            pool.take(errand)
        assert errands[4].heard == [Failure.BUSY]
        pool.give_up(errands[2])
        release.set()
        for place in (0, 1, 3):
            await asyncio.wait_for(errands[place].over.wait(), 5)
        assert errands[2].heard == []
        assert len(up.seen) == 2
        pool.abort()


async def test_giving_up_closes_the_connection():
    """An errand that is given up takes its connection along: its answer must not reach the next."""
    async with Recorder(lambda reader, writer, first: reader.read()) as up:
        pool, _ = make(up.port)
        errand = Asking()
        pool.take(errand)
        while errand.link is None:
            await asyncio.sleep(0.01)
        pool.give_up(errand)
        assert not pool._links
        assert errand.heard == []


async def test_ejection_backs_off():
    """Failed connects in a row eject for longer and longer, up to a bound; success forgets them."""
    async with Recorder(OK) as up:
        up.server.close()
        pool, timer = make(up.port)
        pauses = []
        for _ in range(12):
            timer.now = max(timer.now, pool._ejected_until)
            assert await ask(pool) == [Failure.UNREACHABLE]
            pauses.append(pool._ejected_until - timer.now)
        assert pauses[2] == pools.FIRST_PAUSE_SECONDS
        assert pauses[3] == 2 * pools.FIRST_PAUSE_SECONDS
        assert pauses[-1] == pools.LONGEST_PAUSE_SECONDS


async def test_bytes_nobody_asked_for_close_the_link():
    """An idle connection that speaks is closed and never given to anybody (CWE-444)."""
    async with Recorder(OK) as up:
        pool, _ = make(up.port)
        await ask(pool)
        link = pool._idle[0]
        link.data_received(OK)
        assert not pool._idle
        assert link not in pool._links


async def test_a_closed_pool_keeps_nothing():
    """After the contract dropped the upstream, links end with their errands."""
    async with Recorder(OK) as up:
        pool, _ = make(up.port)
        await ask(pool)
        pool.close()
        assert not pool._links
        assert await ask(pool) == [(200, b"ok")]
        assert not pool._links
