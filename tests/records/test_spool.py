from __future__ import annotations

import asyncio
import time

import pytest
import uvloop

from yett.records.query import Filter, Search
from yett.records.spool import Spool
from yett.records.verify import verify


def found(recorder, **wanted):
    return [record.e for record in Search(recorder.folder, Filter(**wanted)).oldest()]


async def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_events_arrive_in_order(recorder, event):
    """What is appended is in the ledger, once, in order, when the spool is closed."""
    spool = Spool(recorder.socket, "w0")
    for n in range(2_000):
        spool.append(event(n))
    assert await spool.close() == 0
    assert [e.request for e in found(recorder, kind="request")] == [f"r{n}" for n in range(2_000)]


async def test_durable_is_on_the_disk(recorder, event):
    """A durable event is in the files when the answer comes, with all that came before it."""
    spool = Spool(recorder.socket, "w0")
    spool.append(event(1))
    assert await spool.durable(event(2)) is True
    assert [e.request for e in found(recorder, kind="request")] == ["r1", "r2"]
    await spool.close()


async def test_many_durables_share_a_commit(recorder, event):
    """Durable events of one turn wait together and are all answered."""
    spool = Spool(recorder.socket, "w0")
    answers = await asyncio.gather(*(spool.durable(event(n)) for n in range(300)))
    assert answers == [True] * 300
    await spool.close()
    assert len(found(recorder, kind="request")) == 300


async def test_durable_without_a_recorder(home, event):
    """Without a recorder a durable event answers False after its time, not never."""
    spool = Spool(home / "none.sock", "w0")
    assert await spool.durable(event(1), within=0.05) is False
    assert await spool.close(within=0.05) == 1


async def test_recorder_that_comes_late(new_recorder, event):
    """Events wait for a recorder that is not there yet."""
    recorder = new_recorder()
    spool = Spool(recorder.socket, "w0")
    for n in range(1_000):
        spool.append(event(n))
    spool.flush()
    assert not spool.connected
    recorder.start()
    assert await spool.close(within=10) == 0
    assert len(found(recorder, kind="request")) == 1_000


async def test_full_is_bounded_and_counted(new_recorder, event):
    """A full spool takes no more, counts what it lost, and records the count afterwards."""
    recorder = new_recorder()
    spool = Spool(recorder.socket, "w0", limit=100)
    for n in range(100):
        assert not spool.full
        spool.append(event(n))
    assert spool.full
    for n in range(7):
        spool.append(event(n))
    assert (spool.lost, spool.held) == (7, 100)
    assert await spool.durable(event(1)) is False
    recorder.start()
    await until(lambda: not spool.full)
    assert await spool.close() == 0
    assert len(found(recorder, kind="request")) == 100
    [lost] = found(recorder, kind="lost")
    assert lost.note.startswith("8 events were not recorded")


async def test_full_by_bytes(home, event):
    """Large events fill a spool before their number does."""
    spool = Spool(home / "none.sock", "w0", limit_bytes=100_000)
    for n in range(20):
        spool.append(event(n, note="x" * 10_000))
        spool.flush()
    assert spool.full
    assert spool.held < 12
    await spool.close(within=0)


async def test_recorder_restarts(new_recorder, event):
    """Events go through a restart of the recorder without loss or repetition."""
    recorder = new_recorder().start()
    spool = Spool(recorder.socket, "w0", interval=0.001)
    for n in range(3_000):
        spool.append(event(n))
        if n % 100 == 0:
            await asyncio.sleep(0.001)
        if n == 1_000:
            recorder.stop()
        if n == 2_000:
            recorder.start()
    assert await spool.close(within=10) == 0
    assert [e.request for e in found(recorder, kind="request")] == [f"r{n}" for n in range(3_000)]
    assert verify(recorder.folder).ok


def test_on_uvloop(new_recorder, event):
    """On the gate's own event loop a spool reconnects, resends and waits just the same."""
    recorder = new_recorder().start()

    async def life():
        spool = Spool(recorder.socket, "w0", interval=0.001)
        for n in range(2_000):
            spool.append(event(n))
            if n % 100 == 0:
                await asyncio.sleep(0.001)
            if n == 1_000:
                recorder.kill()
                recorder.start()
        assert await spool.durable(event(2_000), within=10)
        return await spool.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(life()) == 0
    assert [e.request for e in found(recorder, kind="request")] == [f"r{n}" for n in range(2_001)]


async def test_append_makes_no_task(home, event):
    """Plain events start no task, and none is left by a whole life of a spool."""
    before = asyncio.all_tasks()
    spool = Spool(home / "none.sock", "w0")
    for n in range(1_000):
        spool.append(event(n))
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == before
    await spool.close(within=0.01)
    assert asyncio.all_tasks() == before


async def test_append_is_cheap(home, event):
    """An append costs well under 3 us of CPU (measured 0.1 us; the margin is for slow machines)."""
    spool = Spool(home / "none.sock", "w0", limit=1 << 20)
    one = event(1)
    start = time.thread_time()
    for _ in range(100_000):
        spool.append(one)
    assert time.thread_time() - start < 0.3
    await spool.close(within=0)


async def test_closed_spool_counts(recorder, event):
    """A closed spool takes nothing more, and says so."""
    spool = Spool(recorder.socket, "w0")
    assert await spool.close() == 0
    spool.append(event(1))
    assert spool.full
    assert spool.lost == 1
    assert await spool.durable(event(1)) is False


async def test_idle_spool_has_no_timer(recorder, event):
    """An idle spool wakes nobody."""
    spool = Spool(recorder.socket, "w0")
    assert await spool.durable(event(1))
    assert spool._timer is None
    await spool.close()


@pytest.mark.parametrize("name", ["", "a b", "x" * 41, "ä", "a\n"])
def test_bad_name(home, name):
    """A worker's name is plain, because it stands in every record."""
    with pytest.raises(ValueError, match="worker's name"):
        Spool(home / "r.sock", name)
