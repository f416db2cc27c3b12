"""Request bodies: collected, streamed, capped, held back."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from kit.gateway import OK, public, running, split

from yett.gate import upload
from yett.wire import clock


def chunked(*parts):
    return b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


async def test_a_body_above_the_cap_is_413_before_it_is_read():
    """A declared length is refused from the head; chunks as soon as they are too many."""
    async with running() as gateway:
        head = b"POST /x HTTP/1.1\r\nHost: a\r\n"
        for raw in (
            head + b"Content-Length: 1001\r\n\r\n",
            head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"a" * 600, b"a" * 600),
        ):
            assert split(await gateway.send(raw))[0] == 413
        assert gateway.upstream.bytes == b""
        most = head + b"Content-Length: 1000\r\n\r\n" + b"a" * 1000
        assert split(await gateway.send(most))[0] == 200


async def test_a_stream_is_passed_on_as_it_comes():
    """The upstream has the first piece before the client sends the second."""
    first, whole = asyncio.Event(), []

    async def answer(reader, writer, data):
        while b"one" not in data:
            data += await reader.read(1 << 16)
        first.set()
        while not data.endswith(b"0\r\n\r\n"):
            data += await reader.read(1 << 16)
        whole.append(data)
        writer.write(OK)
        await writer.drain()

    async with running(answer=answer) as gateway:
        reader, writer = await gateway.connect()
        writer.write(b"POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"3\r\none\r\n")
        await asyncio.wait_for(first.wait(), 5)
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        assert whole[0].endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
        writer.transport.abort()


async def test_a_malformed_stream_never_looks_complete():
    """When chunks break inside a streamed body, the upstream's connection ends without their end."""
    raw = (
        b"POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\nxyz\r\n"
    )
    async with running() as gateway:
        assert split(await gateway.send(raw))[0] == 400
        assert b"0\r\n\r\n" not in gateway.upstream.bytes
        assert gateway.sink.events[0].code == "malformed-request"


async def test_a_slow_upstream_holds_the_client_back():
    """A streamed body waits in the client while the upstream does not read."""

    async def never(reader, writer, first):
        await asyncio.sleep(3600)

    async with running(answer=never) as gateway:
        _, writer = await gateway.connect()
        writer.write(b"POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n")
        pushed = 0
        while pushed < 128 << 20:
            writer.write(bytes(1 << 16))
            try:
                await asyncio.wait_for(writer.drain(), 0.3)
            except TimeoutError:
                break
            pushed += 1 << 16
        assert pushed < 64 << 20
        writer.transport.abort()


async def test_an_early_answer_ends_the_upload():
    """The service may refuse a stream before its end: the answer is relayed, then it is over."""

    async def early(reader, writer, first):
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        await reader.read()

    async with running(answer=early) as gateway:
        reader, writer = await gateway.connect()
        writer.write(b"POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
        answer = await asyncio.wait_for(reader.read(), 5)
        assert split(answer)[0] == 403
        assert b"connection: close" in answer
        assert answer.endswith(b"no")
        writer.transport.abort()


@pytest.fixture
def impatient(monkeypatch):
    """A body may stall for 0.2 s; the clock looks often."""
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(upload, "STALL_SECONDS", 0.2)


async def test_a_stream_that_stalls_is_ended_whatever_it_sent_before(impatient):
    """A megabyte sent at once buys no half hour of silence: 408 and a closed connection."""
    head = b"POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n"
    async with running(answer=reads_all) as gateway:
        got = await gateway.send(head + bytes(1_000_000), eof=False)
        assert split(got)[0] == 408


async def test_a_service_that_stalls_in_an_upload_is_a_504(impatient):
    """While the gate holds the client back the time is the service's, and so is the blame."""

    async def never_reads(reader, writer, first):
        reader._transport.pause_reading()
        await asyncio.Event().wait()

    stream = public("POST", "/stream", stream_request=True, max_body=1 << 30, timeout=0.3)
    async with running(stream, answer=never_reads) as gateway:
        _, writer = await gateway.connect()
        writer.write(b"POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")

        async def push():
            with contextlib.suppress(ConnectionError):
                for _ in range(1000):
                    writer.write(bytes(100_000))
                    await writer.drain()

        pushing = asyncio.ensure_future(push())
        async with asyncio.timeout(5):
            while not gateway.sink.events:
                await asyncio.sleep(0.01)
        pushing.cancel()
        writer.transport.abort()
        (event,) = gateway.sink.events
        assert (event.status, event.code) == (504, "upstream-timeout")


async def reads_all(reader, writer, first):
    while await reader.read(1 << 16):
        pass
