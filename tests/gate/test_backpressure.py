"""What a client does not read is not fetched, and what a service does not read is not taken."""

from __future__ import annotations

import asyncio

import pytest
from kit.gateway import OK, complete, running

MEGABYTE = 1 << 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


def answering(size, asked):
    async def answer(reader, writer, data):
        while True:
            while (end := complete(data)) is not None:
                data = data[end:]
                asked.append(1)
                writer.write(HEAD % size + bytes(size))
                await writer.drain()
            more = await reader.read(1 << 16)
            if not more:
                return
            data += more

    return answer


async def until_still(asked):
    """Wait until nothing more is asked of the upstream for a while."""
    before = -1
    while before != len(asked):
        before = len(asked)
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("size", [1 << 15, 1 << 20])
async def test_a_pipeline_whose_answers_nobody_reads_is_not_served_on(size):
    """Calls for 200 MB in a pipeline, never read: a few are fetched, and when it reads, all."""
    asked, calls = [], 200 * MEGABYTE // size
    async with running(answer=answering(size, asked)) as gateway:
        reader, writer = await gateway.connect()
        writer.transport.pause_reading()
        writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * calls)
        await until_still(asked)
        assert len(asked) * size <= 20 * MEGABYTE
        (connection,) = gateway.gate.connections
        assert connection.transport.get_write_buffer_size() <= 2 * MEGABYTE
        writer.transport.resume_reading()
        while len(asked) < calls:
            assert await asyncio.wait_for(reader.read(1 << 20), 10)
        writer.transport.abort()


async def test_a_pipeline_of_refusals_that_nobody_reads_stops():
    """60,000 pipelined refusals, never read: the gate answers as many as fit, and holds the rest."""
    async with running() as gateway:
        _, writer = await gateway.connect()
        writer.transport.pause_reading()
        writer.write(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" * 60_000)
        await until_still(gateway.sink.events)
        assert len(gateway.sink.events) < 30_000
        (connection,) = gateway.gate.connections
        assert connection.transport.get_write_buffer_size() <= MEGABYTE
        writer.transport.abort()


@pytest.mark.parametrize("target", [b"/x", b"/nowhere"])
async def test_a_pipeline_is_not_read_faster_than_it_is_served(target):
    """A client that sends on and on, and reads: what is held of its requests stays bounded."""
    raw = b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % target * 2000
    async with running() as gateway:
        reader, writer = await gateway.connect()

        async def push():
            for _ in range(40):
                writer.write(raw)
                await writer.drain()

        pushing = asyncio.ensure_future(push())
        most, (connection,) = 0, [await first_of(gateway)]
        while len(gateway.sink.events) < 6000:
            await asyncio.wait_for(reader.read(1 << 16), 5)
            most = max(most, len(connection.reader.data) - connection.reader.at)
        assert most <= 512 * 1024  # what may be ahead, and one read of 256 KB
        pushing.cancel()
        writer.transport.abort()


async def first_of(gateway):
    while not gateway.gate.connections:
        await asyncio.sleep(0.01)
    return next(iter(gateway.gate.connections))


async def test_refusals_in_a_half_closed_pipeline_are_all_answered():
    """A client that has sent its last byte still gets an answer to each request, in order."""
    refused = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
    fine = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    async with running() as gateway:
        got = await gateway.send((fine + refused * 2) * 5)
        statuses = [part[:3] for part in got.split(b"HTTP/1.1 ")[1:]]
        assert statuses == [b"200", b"404", b"404"] * 5


KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
HELLO = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\n\r\n" % KEY
)
SWITCH = (
    b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


async def serve_all(reader, writer, first):
    """Answer `/x`; stream, tunnel or flood for ever elsewhere."""
    if b"GET /ws" in first:
        writer.write(SWITCH)
    elif b"accept: text/event-stream" in first.lower():
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\nb\r\ndata: 1\r\n\r\n\r\n")
    elif b"GET /stream" in first:
        writer.write(HEAD % (1 << 30))
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()
    while b"GET /x" in first:
        writer.write(OK)
        first = await reader.read(1 << 16)
    await reader.read()


@pytest.mark.parametrize("kind", ["stalled", "events", "tunnel"])
async def test_what_waits_for_clients_does_not_keep_others_from_the_service(kind):
    """With all connections of the pool held by such clients, and many more, a call is answered."""
    raw = {
        "stalled": b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
        "events": b"GET /stream HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n",
        "tunnel": HELLO,
    }[kind]
    async with running(answer=serve_all, upstream_connections=4) as gateway:
        held = []
        for _ in range(40):
            reader, writer = await gateway.connect()
            if kind == "stalled":
                writer.transport.pause_reading()
            writer.write(raw)
            held.append(writer)
            if kind != "stalled":
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        got = await gateway.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", wait=10)
        assert got.startswith(b"HTTP/1.1 200")
        if kind == "stalled":
            # Those beyond four times the pool were let go, the longest stalled first.
            assert len(gateway.gate.connections) <= 4 + 4 * 4 + 1
            assert gateway.sink.events[0].code == "upstream-broken"
        else:
            assert len(gateway.gate.connections) >= 40
        for writer in held:
            writer.transport.abort()
