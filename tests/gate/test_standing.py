"""A stream or tunnel ends soon after its credential is revoked, busy or silent."""

from __future__ import annotations

import asyncio

import pytest
from kit.engine import ALICE, DictView, need, operation
from kit.gateway import running, split

from yett.wire import clock

STREAM = b"GET /stream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"


async def busy(reader, writer, first):
    writer.write(HEAD)
    while True:
        writer.write(b"data: 1\n\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(reader, writer, first):
    writer.write(HEAD)
    await writer.drain()
    await asyncio.sleep(60)


@pytest.mark.parametrize("answer", [busy, silent])
async def test_a_stream_ends_when_its_caller_is_revoked(monkeypatch, answer):
    """It is cut visibly, whether it says something or not, and the record says why."""
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.02)
    monkeypatch.setattr("yett.gate.standing.LOOK_SECONDS", 0.05)
    guarded = operation("GET", "/stream", stream_response=True, security=need(), public=False)
    view = DictView()
    async with running(guarded, answer=answer, view=view) as gateway:
        reader, writer = await gateway.connect()
        writer.write(STREAM)
        head = await reader.readuntil(b"data: 1\n\n")
        assert split(head)[0] == 200
        await asyncio.sleep(0.2)
        assert gateway.sink.events == []  # it stays open while nobody is revoked
        view.banned.add(ALICE.id)
        rest = await asyncio.wait_for(_rest(reader), 10)
        assert not rest.endswith(b"0\r\n\r\n")
        assert gateway.sink.events[-1].code == "credential-revoked"
        writer.close()


async def _rest(reader):
    got = b""
    try:
        while piece := await reader.read(1 << 16):
            got += piece
    except ConnectionError:
        pass
    return got
