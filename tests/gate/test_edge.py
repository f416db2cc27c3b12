"""Properties of the whole edge: any bytes, any pieces."""

from __future__ import annotations

import asyncio
import re

import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.gateway import running
from vectors.http1.requests import FORWARDED, REFUSED

CORPUS = [raw for raw in REFUSED.values() if len(raw) < 1500] + [
    raw for raw, _, _ in FORWARDED.values()
]
TOKENS = [
    b"GET",
    b"POST",
    b" ",
    b"/x",
    b"HTTP/1.1",
    b"\r\n",
    b"\n",
    b"\r",
    b"Host: a",
    b"Content-Length: 5",
    b"Transfer-Encoding: chunked",
    b"Connection: Upgrade",
    b"Upgrade: h2c",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"\x00",
    b"Expect: 100-continue",
]
grammar = st.lists(st.sampled_from(TOKENS) | st.binary(max_size=8), max_size=24).map(b"".join)


@st.composite
def mutated(draw):
    """A vector with a piece cut out, doubled or overwritten."""
    raw = draw(st.sampled_from(CORPUS))
    at = draw(st.integers(0, len(raw)))
    end = draw(st.integers(at, min(len(raw), at + 12)))
    return raw[:at] + draw(st.binary(max_size=6) | st.just(raw[at:end] * 2)) + raw[end:]


def one_request(raw):
    """Whether at most one request can be in these bytes, by the most generous count."""
    return len(re.findall(rb"HTTP/1", raw)) <= 1


@given(batch=st.lists(grammar | mutated() | st.binary(max_size=200), min_size=20, max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes(batch):
    """No byte string makes the gate answer 5xx of its own, leak a task, or forward one too many."""
    uvloop.run(_try(batch))


async def _try(batch):
    async with running() as gateway:
        errors = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, c: errors.append(c))
        before = len(asyncio.all_tasks())
        for raw in batch:
            seen = len(gateway.upstream.requests)
            answer = await gateway.send(raw)
            forwarded = len(gateway.upstream.requests) - seen
            statuses = {int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)}
            assert not {s for s in statuses if s >= 500 and s != 505}, (raw, answer)
            if one_request(raw):
                assert forwarded <= 1, raw
        for _ in range(200):
            if not gateway.gate.connections:
                break
            await asyncio.sleep(0.005)
        assert not gateway.gate.connections
        leaked = [t for t in asyncio.all_tasks() if "_serve" not in repr(t)]
        assert len(leaked) <= before, leaked
        assert not errors, errors


async def test_a_bug_in_a_step_refuses_and_is_told():
    """An exception in the engine answers 500, forwards nothing and reaches `on_error`."""
    async with running() as gateway:
        told = []
        gateway.gate.on_error = told.append

        def broken(*_):
            raise RuntimeError("a bug")

        gateway.gate.current.program.plans["api.GET /x"] = type(
            gateway.gate.current.program.plans["api.GET /x"]
        )(gateway.gate.current.program.plans["api.GET /x"].operation, ((2, broken),))
        answer = await gateway.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"a bug" not in answer
        assert gateway.upstream.bytes == b""
        assert [str(error) for error in told] == ["a bug"]


async def test_a_full_spool_blocks_or_degrades():
    """While decisions cannot be recorded requests are refused, unless the team said otherwise."""
    raw = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    for policy, wanted in (("block", b"503"), ("degrade", b"200")):
        async with running(when_not_recorded=policy) as gateway:
            gateway.sink.full = True
            assert (await gateway.send(raw)).split(b" ")[1] == wanted


async def test_each_request_has_its_own_id():
    """The id is the upstream's, the client's and the record's, and a client cannot choose it."""
    raw = b"GET /x HTTP/1.1\r\nHost: a\r\nyett-request-id: mine\r\n\r\n"
    async with running() as gateway:
        answers = [await gateway.send(raw) for _ in range(3)]
        ids = [re.search(rb"yett-request-id: (\S+)", answer)[1] for answer in answers]
        assert len(set(ids)) == 3
        assert b"mine" not in gateway.upstream.bytes
        assert all(b"yett-request-id: " + one in gateway.upstream.bytes for one in ids)
        assert [event.request.encode() for event in gateway.sink.events] == ids
