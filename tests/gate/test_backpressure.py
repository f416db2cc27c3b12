"""What a client does not read is not fetched, and what a service does not read is not taken."""

from __future__ import annotations

import asyncio

import pytest
from kit.gateway import complete, running

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


async def test_refusals_in_a_half_closed_pipeline_are_all_answered():
    """A client that has sent its last byte still gets an answer to each request, in order."""
    refused = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
    fine = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    async with running() as gateway:
        got = await gateway.send((fine + refused * 2) * 5)
        statuses = [part[:3] for part in got.split(b"HTTP/1.1 ")[1:]]
        assert statuses == [b"200", b"404", b"404"] * 5
