"""The client's side: order, limits, timers, drain and swap, on real sockets."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from kit.gateway import OK, Recorder, program, public, reset, running, split

from yett.wire import clock

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def quick(monkeypatch):
    """Sweep often, so that short timeouts are noticed soon."""
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.02)


async def settled(gateway):
    while gateway.gate.connections:
        await asyncio.sleep(0.01)


async def test_a_pipeline_is_served_in_order_one_at_a_time():
    """The second request is not forwarded before the first is answered."""
    under_way = most = 0

    async def answer(reader, writer, first):
        nonlocal under_way, most
        data = first
        while data:
            under_way += data.count(b"GET /")
            most = max(most, under_way)
            await asyncio.sleep(0.001)
            path = data.split(b" ")[1]
            under_way -= 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))
            data = await reader.read(1 << 16)

    async with running(answer=answer) as gateway:
        raw = b"".join(b"GET /a/%d HTTP/1.1\r\nHost: a\r\n\r\n" % i for i in range(50))
        got = await gateway.send(raw)
        places = [got.find(b"\r\n\r\n/a/%d" % i) for i in range(50)]
        assert places == sorted(places)
        assert -1 not in places
        assert most == 1


NOWHERE = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_refusals_that_nobody_reads_are_not_piled_up():
    """A client that sends and never reads is not answered on: the gate holds one high-water mark."""
    async with running() as gateway:
        reader, writer = await gateway.connect()
        writer.transport.pause_reading()
        held = sent = 0
        while sent < 128 << 20:
            writer.write(NOWHERE * 1000)
            sent += len(NOWHERE) * 1000
            try:
                await asyncio.wait_for(writer.drain(), 0.5)
            except TimeoutError:
                break
            for connection in gateway.gate.connections:
                held = max(held, connection.transport.get_write_buffer_size())
        assert sent < 128 << 20  # the kernel's buffers are full
        assert held < 1 << 20
        answered = len(gateway.sink.events)
        writer.transport.resume_reading()
        await asyncio.wait_for(reader.readexactly(1 << 22), 5)  # it goes on once it is read
        assert len(gateway.sink.events) > answered
        writer.transport.abort()


async def test_a_long_pipeline_of_refusals_is_answered_whole_and_in_turns():
    """1,000 refused requests in one write: each is answered, and others are served in between."""
    async with running() as gateway:
        reader, writer = await gateway.connect()
        writer.write(NOWHERE * 1000 + GET)
        writer.write_eof()
        assert (await gateway.send(GET)).startswith(b"HTTP/1.1 200")
        assert gateway.sink.events[-1].operation or len(gateway.sink.events) < 1000
        got = await asyncio.wait_for(reader.read(), 5)
        assert got.count(b"HTTP/1.1 404") == 1000
        assert got.endswith(b"ok")
        writer.transport.abort()


async def test_half_closed_after_a_pipeline_every_request_is_answered():
    """The end of sending ends nothing that was sent before it."""
    async with running() as gateway:
        got = await gateway.send(GET + NOWHERE * 3 + GET)
        assert (got.count(b"HTTP/1.1 404"), got.count(b"HTTP/1.1 200")) == (3, 2)


async def test_a_body_that_can_no_longer_come_is_not_waited_for():
    """A client that ended inside its last, pipelined body is gone at once, not after a timeout."""
    for line in (b"POST /x", b"PUT /stream"):
        cut = line + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi"
        async with running() as gateway:
            got = await gateway.send(GET + cut, wait=3)
            assert got.count(b"HTTP/1.1 ") == 1
            await settled(gateway)
            assert [event.status for event in gateway.sink.events] == [200, 0]


async def test_the_end_of_an_answer_waits_for_a_slow_client(quick, monkeypatch):
    """A client that takes its last answer slowly gets all of it, though the connection ends."""
    monkeypatch.setattr("yett.gate.connection.LINGER_SECONDS", 0.1)
    size = 400_000
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)
    async with running(answer=whole, body_rate=1) as gateway:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        client.connect(("127.0.0.1", gateway.port))
        reader, writer = await asyncio.open_connection(sock=client, limit=1 << 13)
        while not gateway.gate.connections:
            await asyncio.sleep(0.01)
        (connection,) = gateway.gate.connections
        held = connection.transport.get_extra_info("socket")
        held.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 14)
        writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        got = 0
        while data := await reader.read(1 << 13):
            got += len(data)
            await asyncio.sleep(0.01)
        assert got == size
        writer.transport.abort()


async def test_a_refused_request_does_not_end_a_sound_connection():
    """After a 404 whose body is here as a whole the next request is answered."""
    raw = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    async with running() as gateway:
        got = await gateway.send(raw + GET)
        assert got.count(b"HTTP/1.1 404") == 1
        assert got.count(b"HTTP/1.1 200") == 1


async def test_a_refused_body_that_is_still_coming_ends_the_connection():
    """What follows a refusal with an unread body is never taken for a request."""
    raw = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
    async with running() as gateway:
        got = await gateway.send(raw, GET * 100)
        assert got.count(b"HTTP/1.1 ") == 1
        assert b"connection: close" in got
        assert gateway.upstream.bytes == b""


async def test_continue_is_said_only_when_the_body_is_wanted():
    """`Expect: 100-continue` is answered by 100 on an allowed request, by the refusal otherwise."""
    head = b"%b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    async with running() as gateway:
        for target in (b"POST /x", b"POST /stream"):
            reader, writer = await gateway.connect()
            writer.write(head % target)
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hi")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(2) == b"ok"
            writer.transport.abort()
        got = await gateway.send(head % b"POST /nowhere")
        assert split(got)[0] == 404
        assert b"100 Continue" not in got
        got = await gateway.send(head % b"POST /x" + b"hi")
        assert b"100 Continue" not in got, "the body is already here"


async def test_http_1_0_is_answered_in_its_own_terms():
    """HTTP/1.0 gets no chunks and no kept connection unless it asks for one."""
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def answer(reader, writer, first):
        writer.write(raw)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"2\r\nhi\r\n0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with running(answer=answer) as gateway:
        got = await gateway.send(b"GET /x HTTP/1.0\r\nHost: a\r\n\r\n", eof=False)
        _, headers, body = split(got)
        assert body == b"hi"
        assert b"transfer-encoding" not in headers
        assert headers[b"connection"] == b"close"
    async with running() as gateway:
        raw = b"GET /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"
        reader, writer = await gateway.connect()
        writer.write(raw)
        assert b"connection: keep-alive" in await reader.readuntil(b"ok")
        writer.transport.abort()


async def test_a_slow_head_is_ended_with_408(quick):
    """From its first byte a head has its time, however it dribbles; others go on working."""
    async with running(head_timeout=0.2) as gateway:
        reader, writer = await gateway.connect()
        writer.write(b"GET /x HTTP/1.1\r\n")

        async def dribble():
            for _ in range(100):
                writer.write(b"X: a\r\n")
                await asyncio.sleep(0.02)

        dribbling = asyncio.ensure_future(dribble())
        other = await gateway.send(GET)
        got = await asyncio.wait_for(reader.read(), 5)
        dribbling.cancel()
        assert split(other)[0] == 200
        assert split(got)[0] == 408
        assert gateway.sink.events[-1].code == "request-timeout"


async def test_a_connection_that_never_speaks_is_ended(quick):
    """Accepted and silent: closed after the head's time, without an answer."""
    async with running(head_timeout=0.1) as gateway:
        assert await gateway.send(eof=False) == b""


async def test_a_slow_body_is_ended_with_408(quick, monkeypatch):
    """A body below the least rate is ended, whether it is collected or streamed."""
    monkeypatch.setattr("yett.gate.upload.RATE_GRACE_SECONDS", 0.2)
    async with running(body_rate=1000) as gateway:
        for target in (b"/x", b"/stream"):
            reader, writer = await gateway.connect()
            writer.write(b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n" % target)

            async def dribble(writer=writer):
                for _ in range(100):
                    writer.write(b"a")
                    await asyncio.sleep(0.02)

            dribbling = asyncio.ensure_future(dribble())
            got = await asyncio.wait_for(reader.read(), 5)
            dribbling.cancel()
            assert split(got)[0] == 408, target


async def test_an_idle_connection_is_closed(quick):
    """A kept connection that says nothing more is closed in silence."""
    async with running(idle_timeout=0.1) as gateway:
        got = await gateway.send(GET, eof=False)
        assert got.count(b"HTTP/1.1 ") == 1


async def test_a_client_that_never_reads_is_ended(quick):
    """A stalled reader cannot hold a finished response for ever."""
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n" + bytes(20_000_000)
    async with running(public(timeout=0.5), answer=big) as gateway:
        reader, writer = await gateway.connect()
        writer.transport.pause_reading()
        writer.write(GET)
        while not gateway.gate.connections:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(settled(gateway), 5)


async def test_5000_idle_connections_and_stalled_ones_leave_others_working():
    """Idle, half-sent and stalled connections cost others nothing but a bounded sweep."""
    async with running(head_timeout=100.0, body_timeout=100.0) as gateway:
        held = []
        for _ in range(50):
            held += await asyncio.gather(*(gateway.connect() for _ in range(100)))
        for _, writer in held[::10]:
            writer.write(b"GET /x HTTP/1.1\r\nHo")
        for _, writer in held[1::10]:
            writer.write(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        while len(gateway.gate.connections) < 5000:
            await asyncio.sleep(0.01)
        spent = time.process_time()
        gateway.gate.clock.sweep(gateway.gate.clock.now)
        assert time.process_time() - spent < 0.05
        answers = await asyncio.gather(*(gateway.send(GET) for _ in range(50)))
        assert [split(answer)[0] for answer in answers] == [200] * 50
        for _, writer in held:
            writer.transport.abort()
        await asyncio.wait_for(settled(gateway), 20)


async def test_caps_on_connections():
    """One source, and all together, hold no more connections than allowed; a closed one counts out."""
    for setting in ({"max_connections_per_ip": 2}, {"max_connections": 2}):
        async with running(**setting) as gateway:
            held = [await gateway.connect() for _ in range(2)]
            while len(gateway.gate.connections) < 2:
                await asyncio.sleep(0.01)
            assert await gateway.send(GET) == b""
            held[0][1].transport.abort()
            while len(gateway.gate.connections) > 1:
                await asyncio.sleep(0.01)
            assert split(await gateway.send(GET))[0] == 200
            held[1][1].transport.abort()


async def test_requests_per_connection_are_counted():
    """After the last allowed request the connection ends politely."""
    async with running(max_requests_per_connection=2) as gateway:
        got = await gateway.send(GET * 3, eof=False)
        assert got.count(b"HTTP/1.1 200") == 2
        assert got.count(b"connection: close") == 1


async def test_drain_loses_no_request():
    """Idle connections close, requests under way end with `Connection: close`, then it is drained."""
    release = asyncio.Event()

    async def slow(reader, writer, first):
        await release.wait()
        writer.write(OK)
        await writer.drain()

    async with running(answer=slow) as gateway:
        idle = await gateway.connect()
        busy = asyncio.ensure_future(gateway.send(GET, eof=False))
        while not any(gateway.upstream.seen):
            await asyncio.sleep(0.01)
        gateway.gate.start_drain()
        assert await asyncio.wait_for(idle[0].read(), 5) == b""
        idle[1].close()
        assert not gateway.gate.drained.done()
        release.set()
        got = await busy
        assert split(got)[0] == 200
        assert b"connection: close" in got
        await asyncio.wait_for(gateway.gate.drained, 5)


async def test_a_swap_serves_new_requests_and_keeps_those_under_way():
    """A request keeps the program and upstream it began with; the next on its connection has the new."""
    release = asyncio.Event()

    async def slow(reader, writer, first):
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
        await writer.drain()

    new = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"
    async with running(answer=slow) as gateway, Recorder(new) as other:
        task = asyncio.ensure_future(gateway.send(GET + b"GET /new HTTP/1.1\r\nHost: a\r\n\r\n"))
        while not any(gateway.upstream.seen):
            await asyncio.sleep(0.01)
        gateway.gate.swap(program(public("GET", "/new"), port=other.port))
        release.set()
        got = await task
        assert got.index(b"old") < got.index(b"new")
        assert split(await gateway.send(GET))[0] == 404


async def test_a_reset_in_a_body_leaves_nothing_behind():
    """A client that resets inside its body is recorded, and neither task nor connection stays."""
    async with running() as gateway:
        before = len(asyncio.all_tasks())
        for target in (b"/x", b"/stream"):
            _, writer = await gateway.connect()
            writer.write(b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc" % target)
            while not gateway.gate.connections:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            reset(writer)
            await asyncio.wait_for(settled(gateway), 5)
        assert len(gateway.sink.events) == 2
        for _ in range(100):
            if len(asyncio.all_tasks()) <= before:
                break
            await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) <= before


async def test_16_mb_of_header_in_small_writes_costs_little():
    """The quadratic parse of notes/edge.md 0.2: refused at 32 KB, under 50 ms of CPU (0.4 bound)."""
    async with running() as gateway:
        reader, writer = await gateway.connect()
        spent = time.process_time()
        writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\nX: ")
        piece = b"a" * 1024
        try:
            for _ in range(16 * 1024):
                writer.write(piece)
                if writer.transport.get_write_buffer_size() > 1 << 18:
                    await asyncio.wait_for(writer.drain(), 5)
        except (ConnectionError, TimeoutError):
            pass  # the gate has ended it, as it should
        assert time.process_time() - spent < 0.4  # both sides of it, this loop included
        writer.transport.abort()
        await asyncio.wait_for(settled(gateway), 5)
        assert gateway.sink.events[-1].code == "head-too-large"


async def test_an_idle_connection_holds_no_bytes(quick):
    """Nothing of the last request is kept by the connection, and it still works."""
    async with running() as gateway:
        reader, writer = await gateway.connect()
        writer.write(GET)
        await reader.readuntil(b"ok")
        (connection,) = gateway.gate.connections
        assert connection.reader.data == b""
        writer.write(GET)
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        writer.transport.abort()
