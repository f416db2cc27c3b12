"""Step 13 towards real sockets: bad upstreams, retries, timeouts, streams, backpressure."""

from __future__ import annotations

import asyncio
import json
import time

from kit.engine import ALICE, DictView, need, operation
from kit.gateway import OK, OPEN, Recorder, public, reset, running, split
from msgspec.structs import replace
from vectors.http1.responses import BROKEN, FINE, TRUNCATED

from yett.credentials.verifier import Verified
from yett.problems import REDUCED_CAPACITY, UPSTREAM_FAILED

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


def say(raw, *, close=True, step=0):
    """An upstream that answers every request with these bytes."""

    async def answer(reader, writer, first):
        for at in range(0, len(raw), step or len(raw) or 1):
            writer.write(raw[at : at + (step or len(raw))])
            await writer.drain()
            await asyncio.sleep(0)
        if not close:
            await reader.read()
        writer.close()

    return answer


def dechunk(headers, body):
    if headers.get(b"transfer-encoding") != b"chunked":
        return body
    found = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        found, body = found + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return found


async def test_a_broken_answer_is_a_502_of_the_gates_own():
    """Not a byte of an answer that is not HTTP, or has two readings, reaches the client."""
    for name, raw in BROKEN.items():
        for step in (0, 1 if len(raw) < 3000 else 500):
            if name == "bad first chunk" and step:
                continue  # by then the head has gone: that is a truncation
            async with running(answer=say(raw, step=step)) as gateway:
                answer = await gateway.send(GET)
                status, headers, body = split(answer)
                assert status == 502, (name, step, answer)
                assert b"SECRET" not in answer, name
                assert headers[b"content-type"] == b"application/problem+json"
                assert gateway.sink.events[-1].code == "upstream-broken"


async def test_a_good_answer_is_relayed_in_the_gates_own_framing():
    """Lengths, chunks, closes and interim answers end where they should, whole and bytewise."""
    for name, (raw, status, wanted) in FINE.items():
        for step in (0, 1):
            async with running(answer=say(raw, step=step)) as gateway:
                answer = await gateway.send(GET)
                got, headers, body = split(answer)
                assert (got, dechunk(headers, body)) == (status, wanted), (name, step, answer)
                assert b"SECRET" not in answer, name
                if status == 204:
                    assert b"content-length" not in headers


async def test_a_truncated_answer_is_never_faked_whole():
    """When the upstream breaks off, the client's connection ends without a complete message."""
    for name, raw in TRUNCATED.items():
        async with running(answer=say(raw)) as gateway:
            answer = await gateway.send(GET)
            _, headers, body = split(answer)
            assert b"0\r\n\r\n" not in body, name
            if b"content-length" in headers:
                assert len(body) < int(headers[b"content-length"]), name
            assert gateway.sink.events[-1].code == "upstream-broken", name


async def test_a_connection_with_bytes_behind_its_answer_is_not_pooled():
    """A second answer that nobody asked for is never given to the next request."""
    extra = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON"
    async with running(answer=OK + extra) as gateway:
        answer = await gateway.send(GET * 3)
        assert b"POISON" not in answer
        assert answer.count(b"HTTP/1.1 200") == 3
        assert len(gateway.upstream.seen) == 3


async def test_head_has_no_body_and_keeps_its_length():
    """The answer to HEAD ends at its head, whatever length it declares."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    async with running(answer=raw) as gateway:
        answer = await gateway.send(b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
        assert answer.count(b"content-length: 500") == 2
        assert answer.endswith(b"\r\n\r\n")


async def test_one_retry_on_a_stale_pooled_connection():
    """An idempotent request that met a closing pooled connection is sent once more, a POST never."""
    rounds = []

    async def answer(reader, writer, first):
        rounds.append(first)
        if len(rounds) == 1:
            writer.write(OK)
            await writer.drain()
            await reader.read(1 << 16)  # take the second request, and close without a word
            rounds.append(b"swallowed")
            writer.close()
            return
        writer.write(OK)
        await writer.drain()

    for request, wanted in (
        (GET, [200, 200]),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", [200, 502]),
    ):
        rounds.clear()
        async with running(answer=answer) as gateway:
            statuses = [split(await gateway.send(raw))[0] for raw in (GET, request)]
            assert statuses == wanted


async def test_a_streamed_body_is_never_announced_twice():
    """A PUT whose body went by is not sent again: its head alone would swallow the next request."""
    heads = []

    async def answer(reader, writer, data):
        heads.append(data)
        first = len(heads) == 1
        writer.write(OK)
        await writer.drain()
        while first and b"BODY" not in data:
            data = await reader.read(1 << 16)
        if not first:
            await reader.read()
        writer.close()

    put = b"PUT /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nBODY"
    async with running(answer=answer) as gateway:
        assert split(await gateway.send(GET))[0] == 200
        assert split(await gateway.send(put))[0] == 502
        assert split(await gateway.send(b"GET /a/1 HTTP/1.1\r\nHost: a\r\n\r\n"))[0] == 200
        assert [head.split(b" ")[1] for head in heads] == [b"/x", b"/a/1"]


async def test_a_fresh_connection_that_closes_is_not_retried():
    """A new connection that closes without a word has read the request: no second copy."""
    async with running(answer=say(b"")) as gateway:
        assert split(await gateway.send(GET))[0] == 502
        assert len(gateway.upstream.seen) == 1


async def test_unreachable_upstream_is_ejected_and_comes_back():
    """Failed connects answer 502 at once and pause the upstream; it is tried again afterwards."""
    async with running() as gateway:
        recorder = gateway.upstream
        recorder.server.close()
        await asyncio.sleep(0)
        for _ in range(5):
            answer = await gateway.send(GET)
            assert split(answer)[0] == 502
        pool = gateway.gate.current.pools["api"]
        assert pool._is_ejected()
        assert gateway.sink.events[-1].code == "upstream-unreachable"
        assert "ejected" in gateway.sink.events[-1].note
        pool._ejected_until = 0.0
        again = await asyncio.start_server(recorder._serve, "127.0.0.1", recorder.port)
        try:
            assert split(await gateway.send(GET))[0] == 200
            assert not pool._is_ejected()
        finally:
            again.close()


async def test_a_slow_upstream_is_a_504():
    """An answer that does not come in the operation's time is a 504, and its connection ends."""

    async def never(reader, writer, first):
        await reader.read()

    slow = public("GET", "/x", timeout=0.3)
    async with running(slow, answer=never) as gateway:
        answer = await gateway.send(GET)
        assert split(answer)[0] == 504
        assert gateway.sink.events[-1].code == "upstream-timeout"


async def test_a_full_queue_sheds_load():
    """Beyond the pool and its queue a request is told to come back, at once."""
    gate_open = asyncio.Event()

    async def slow(reader, writer, first):
        await gate_open.wait()
        writer.write(OK)
        await writer.drain()

    async with running(answer=slow, upstream_connections=1, max_pending=1) as gateway:
        jobs = [asyncio.ensure_future(gateway.send(GET)) for _ in range(3)]
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        status, headers, body = split(done.pop().result())
        assert (status, headers[b"retry-after"]) == (503, b"1")
        assert json.loads(body)["type"] == REDUCED_CAPACITY.type
        gate_open.set()
        statuses = sorted(split(answer)[0] for answer in await asyncio.gather(*jobs))
        assert statuses == [200, 200, 503]


async def test_5xx_bodies_are_scrubbed_and_others_are_not():
    """A failing service's body never leaves, its status does; a client error's body is its own."""
    trace = b"Traceback (most recent call last): SECRET"
    raw = b"HTTP/1.1 500 X\r\nX-Trace: SECRET\r\nContent-Length: %d\r\n\r\n" % len(trace) + trace
    async with running(answer=raw) as gateway:
        answer = await gateway.send(GET)
        status, headers, body = split(answer)
        assert status == 500
        assert json.loads(body)["type"] == UPSTREAM_FAILED.type
        assert b"SECRET" not in answer
        assert headers[b"content-type"] == b"application/problem+json"
        assert gateway.sink.events[-1].upstream_status == 500
    raw = b"HTTP/1.1 404 X\r\nContent-Length: 4\r\n\r\nmine"
    async with running(answer=raw) as gateway:
        assert (await gateway.send(GET)).endswith(b"mine")
    raw = b"HTTP/1.1 503 X\r\nContent-Length: 4\r\n\r\nmine"
    async with running(public("GET", "/x", modes=OPEN), answer=raw) as gateway:
        assert (await gateway.send(GET)).endswith(b"mine")


async def test_disclosure_and_hop_by_hop_fields_end_here():
    """What tells of the inside, and what belongs to one hop, is not relayed."""
    raw = (
        b"HTTP/1.1 200 OK\r\nServer: s\r\nX-Powered-By: p\r\nKeep-Alive: timeout=5\r\n"
        b"Connection: X-Private\r\nX-Private: a\r\nX-Kept: b\r\nCache-Control: public\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nTrailer: X\r\nContent-Length: 0\r\n\r\n"
    )
    async with running(answer=raw) as gateway:
        answer = (await gateway.send(GET)).lower()
        for gone in (
            b"server:",
            b"x-powered-by",
            b"keep-alive:",
            b"x-private",
            b"trailer:",
            b"public",
        ):
            assert gone not in answer, gone
        assert b"x-kept: b" in answer
        assert answer.count(b"set-cookie: ") == 2
        assert answer.count(b"cache-control: ") == 1


async def test_a_response_above_the_cap_is_not_relayed_whole():
    """An undeclared stream cannot be used to pull everything out."""
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"a" * 3000
    async with running(answer=whole, max_response=1000) as gateway:
        assert split(await gateway.send(GET))[0] == 502
    parts = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"64\r\n%b\r\n" % (b"a" * 100) * 50
    )

    async with running(answer=say(parts, step=200), max_response=1000) as gateway:
        answer = await gateway.send(GET)
        assert b"0\r\n\r\n" not in answer
        assert len(answer) < 3000


async def test_events_are_relayed_as_they_come():
    """SSE: the client has the first event before the second exists."""
    go_on = asyncio.Event()

    async def events(reader, writer, first):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        await go_on.wait()
        writer.write(b"data: 2\n\n")
        await writer.drain()
        writer.close()

    async with running(answer=events) as gateway:
        reader, writer = await gateway.connect()
        writer.write(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"data: 1\n\n")
        go_on.set()
        await reader.readuntil(b"data: 2\n\n")
        assert await reader.readuntil(b"0\r\n\r\n")
        writer.close()


async def test_a_stream_does_not_outlive_its_credential(monkeypatch):
    """Events stop, visibly cut off, when the token that asked for them expires."""
    monkeypatch.setattr("yett.wire.clock.TICK_SECONDS", 0.02)

    async def events(reader, writer, first):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        while True:
            writer.write(b"data: 1\n\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    guarded = operation("GET", "/stream", stream_response=True, security=need(), public=False)
    view = DictView()
    view.tokens[b"short"] = Verified(replace(ALICE, expires=time.time() + 0.3))
    raw = b"GET /stream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer short\r\n\r\n"
    async with running(guarded, answer=events, view=view) as gateway:
        answer = await gateway.send(raw, eof=False)
        assert split(answer)[0] == 200
        assert b"data: 1" in answer
        assert not answer.endswith(b"0\r\n\r\n")
        assert gateway.sink.events[-1].code == "credential-expired"


async def test_a_stalled_reader_holds_the_upstream_back():
    """A client that does not read makes the upstream stop; the gate keeps no more than its marks."""
    sent = 0

    async def flood(reader, writer, first):
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()
            sent += 1 << 16

    async with running(answer=flood) as gateway:
        reader, writer = await gateway.connect()
        writer.transport.pause_reading()
        writer.write(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.2)
        assert 0 < sent < 32 << 20  # kernel buffers of four sockets, not the gigabyte
        assert split(await gateway.send(b"POST /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"))[0] == 404
        writer.transport.abort()
        while gateway.gate.connections:
            await asyncio.sleep(0.01)
        assert gateway.sink.events[-1].bytes_out < 32 << 20


async def test_a_client_that_leaves_takes_its_upstream_connection_along():
    """The upstream sees the end of a request whose client is gone, and the record says so."""
    gone = asyncio.Event()

    async def wait(reader, writer, first):
        await reader.read()
        gone.set()

    async with running(answer=wait) as gateway:
        reader, writer = await gateway.connect()
        writer.write(GET)
        while not gateway.upstream.seen or not gateway.upstream.seen[0]:
            await asyncio.sleep(0.01)
        reset(writer)
        await asyncio.wait_for(gone.wait(), 5)
        assert gateway.sink.events[-1].status == 0


async def test_the_pool_is_shared_and_kept_warm():
    """Requests one after the other use one connection."""
    async with running(upstream=Recorder(OK)) as gateway:
        for _ in range(5):
            await gateway.send(GET)
        assert len(gateway.upstream.seen) == 1
        assert len(gateway.upstream.requests) == 5
