"""A write whose client or time is gone keeps its record until the service has answered."""

from __future__ import annotations

import asyncio
import json

from kit.asking import locks, only_while_draft, reads, with_step
from kit.gateway import Recorder, complete, public, reset, running, split, takes_anything
from kit.records import RecordService

PATCH = b"PATCH /record HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
STREAMED = b"PUT /record HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nhalf"
OPERATIONS = (
    public("PATCH", "/record", body=takes_anything),
    public("PUT", "/record", stream_request=True),
)
GUARDED = with_step(locks(reads(then=only_while_draft)))


class Slow(RecordService):
    """Does a write when told, and answers it then; says when one has come."""

    def __init__(self):
        super().__init__()
        self.came = asyncio.Event()
        self.go = asyncio.Event()
        self.answers = True

    async def write(self, path, condition):
        self.came.set()
        await self.go.wait()
        if not self.answers:
            raise ConnectionError
        return await super().write(path, condition)


async def status_of(gateway, raw=PATCH):
    status, _, body = split(await gateway.send(raw, wait=20))
    return status, json.loads(body).get("code")


async def leave(gateway, upstream):
    """A client that leaves once its write has reached the service."""
    _, writer = await gateway.connect()
    writer.write(PATCH)
    await asyncio.wait_for(upstream.came.wait(), 10)
    reset(writer)
    while gateway.gate.connections:
        await asyncio.sleep(0.01)


async def test_nobody_reads_before_the_service_has_done_what_was_sent():
    """A client leaves during its write: the next writer waits for that write, and reads its outcome."""
    upstream = Slow()
    async with running(*OPERATIONS, rework=GUARDED, upstream=upstream) as gateway:
        await leave(gateway, upstream)
        assert [event.status for event in gateway.sink.events] == [0]
        following = asyncio.ensure_future(status_of(gateway))
        while not gateway.gate.connections:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert upstream.readers == 1, "the second reader came while the first write was under way"
        upstream.before_write = lambda: None
        upstream.status = "draft"
        upstream.go.set()
        assert (await following)[0] == 200
        assert upstream.readers == 2
        assert not gateway.gate.partings
        assert gateway.gate.locks.taken == 0


async def test_the_hold_ends_when_the_service_breaks_off():
    """A connection that the service closes frees the record."""
    upstream = Slow()
    async with running(*OPERATIONS, rework=GUARDED, upstream=upstream) as gateway:
        await leave(gateway, upstream)
        assert len(gateway.gate.partings) == 1
        upstream.answers = False
        upstream.go.set()
        while gateway.gate.partings:
            await asyncio.sleep(0.01)
        assert gateway.gate.locks.taken == 0


async def test_a_write_that_is_out_of_time_may_still_happen():
    """After the 504 the record is kept for the operation's time once more, and not for ever."""
    upstream = Slow()
    one = public("PATCH", "/record", body=takes_anything, timeout=0.5)
    async with running(one, rework=GUARDED, upstream=upstream) as gateway:
        assert await status_of(gateway) == (504, "upstream-timeout")
        assert gateway.gate.locks.taken == 1
        while gateway.gate.partings:
            await asyncio.sleep(0.01)
        assert gateway.gate.locks.taken == 0
        pool = gateway.gate.current.pools["api"]
        assert not [link for link in pool._links if link.errand]
        upstream.go.set()


async def test_what_was_not_sent_whole_is_not_waited_for():
    """A body that breaks off, or a write that is still queued, frees the record at once."""
    upstream = Slow()
    async with running(*OPERATIONS, rework=GUARDED, upstream=upstream) as gateway:
        _, writer = await gateway.connect()
        writer.write(STREAMED[:-2])
        while gateway.gate.locks.taken == 0 or upstream.readers == 0:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        reset(writer)
        while gateway.gate.connections:
            await asyncio.sleep(0.01)
        assert not gateway.gate.partings
        assert gateway.gate.locks.taken == 0
        upstream.go.set()


async def test_a_write_without_a_hold_is_given_up_as_ever():
    """Where no record is held nothing outlives the request."""
    upstream = Slow()
    async with running(*OPERATIONS, rework=with_step(reads()), upstream=upstream) as gateway:
        await leave(gateway, upstream)
        assert not gateway.gate.partings
        assert not gateway.gate.current.pools["api"]._links
        upstream.go.set()


async def test_a_drain_waits_for_what_is_left():
    """A gate that drains lets the last write end before it says that it has; an abort does not."""
    upstream = Slow()
    async with running(*OPERATIONS, rework=GUARDED, upstream=upstream) as gateway:
        await leave(gateway, upstream)
        gateway.gate.start_drain()
        await asyncio.sleep(0.05)
        assert not gateway.gate.drained.done()
        upstream.go.set()
        await asyncio.wait_for(asyncio.shield(gateway.gate.drained), 10)
        assert gateway.gate.locks.taken == 0
    upstream = Slow()
    async with running(*OPERATIONS, rework=GUARDED, upstream=upstream) as gateway:
        await leave(gateway, upstream)
        gateway.gate.abort()
        assert gateway.gate.drained.done()
        assert gateway.gate.locks.taken == 0
        upstream.go.set()


async def test_a_client_that_does_not_read_does_not_keep_the_record():
    """The answer to the write is taken although the connection was held back for its client."""

    class Once(Recorder):
        async def _answer_all(self, seen, reader, writer):
            pending = b""
            while data := await reader.read(1 << 16):
                pending += data
                while (end := complete(pending)) is not None:
                    one, pending = pending[:end], pending[end:]
                    if one.startswith(b"PATCH"):
                        held.set()
                        await go.wait()
                    writer.write(RecordService().say(200))

    held, go = asyncio.Event(), asyncio.Event()
    async with running(*OPERATIONS, rework=GUARDED, upstream=Once()) as gateway:
        _, writer = await gateway.connect()
        writer.write(PATCH)
        await held.wait()
        connection = next(iter(gateway.gate.connections))
        connection.pause_writing()  # as if answers to earlier requests filled the socket
        reset(writer)
        while gateway.gate.connections:
            await asyncio.sleep(0.01)
        go.set()
        while gateway.gate.partings:
            await asyncio.sleep(0.01)
        assert gateway.gate.locks.taken == 0
