"""What a drain does with what would never end by itself."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode

from kit.gateway import running

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HELLO = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\n\r\n" % KEY
)
SWITCH = (
    b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
    % b64encode(hashlib.sha1(KEY + GUID, usedforsecurity=False).digest())
)
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"b\r\ndata: 1\r\n\r\n\r\n"
ASK = b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"


async def endless(reader, writer, first):
    """Switch or stream, for ever."""
    if b"/ws" in first:
        writer.write(SWITCH)
    else:
        writer.write(EVENTS % b"text/event-stream; charset=utf-8" + EVENT)
    while await reader.read(100):
        pass


async def test_tunnels_and_event_streams_end_in_order():
    """Each is closed after all that was sent, the events with a last chunk; both are recorded."""
    async with running(answer=endless) as gateway:
        events, asking = await gateway.connect()
        asking.write(ASK)
        await asyncio.wait_for(events.readuntil(b"data: 1\r\n\r\n\r\n"), 5)
        talk, talking = await gateway.connect()
        talking.write(HELLO)
        await asyncio.wait_for(talk.readuntil(b"\r\n\r\n"), 5)
        gateway.gate.start_drain()
        assert await asyncio.wait_for(events.read(), 5) == b"0\r\n\r\n"
        assert await asyncio.wait_for(talk.read(), 5) == b""
        asking.close()
        talking.close()
        await asyncio.wait_for(gateway.gate.drained, 5)
        assert sorted(event.status for event in gateway.sink.events) == [101, 200]
        assert {event.code for event in gateway.sink.events} == {""}


async def test_a_stream_that_begins_while_it_drains_ends_as_well():
    """An answer that comes late is passed on as far as it is, and ended."""
    release = asyncio.Event()

    async def late(reader, writer, first):
        await release.wait()
        await endless(reader, writer, first)

    async with running(answer=late) as gateway:
        readers = []
        for raw in (ASK, HELLO):
            reader, writer = await gateway.connect()
            writer.write(raw)
            readers.append((reader, writer))
        while len(gateway.upstream.seen) < 2 or not all(gateway.upstream.seen):
            await asyncio.sleep(0.01)
        gateway.gate.start_drain()
        release.set()
        got = [await asyncio.wait_for(reader.read(), 5) for reader, _ in readers]
        assert got[0].endswith(b"\r\n0\r\n\r\n")
        assert got[1].startswith(b"HTTP/1.1 101")
        for _, writer in readers:
            writer.close()
        await asyncio.wait_for(gateway.gate.drained, 5)


async def test_any_other_body_is_waited_for():
    """A download of unknown length is not events: cut with a clean end it would look complete."""
    release = asyncio.Event()

    async def download(reader, writer, first):
        writer.write(EVENTS % b"text/csv" + EVENT)
        await release.wait()
        writer.write(EVENT + b"0\r\n\r\n")
        await writer.drain()

    async with running(answer=download) as gateway:
        reader, writer = await gateway.connect()
        writer.write(ASK)
        await asyncio.wait_for(reader.readuntil(b"data: 1\r\n\r\n\r\n"), 5)
        gateway.gate.start_drain()
        await asyncio.sleep(0.1)
        assert not gateway.gate.drained.done()
        release.set()
        assert (await asyncio.wait_for(reader.read(), 5)).endswith(EVENT + b"0\r\n\r\n")
        writer.close()
        await asyncio.wait_for(gateway.gate.drained, 5)
