"""Step 16 for sensitive operations: the outcome is on disk before the answer leaves."""

from __future__ import annotations

import asyncio

import pytest
from kit.gateway import OK, public, running, split

RAW = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def sensitive():
    return public("GET", "/x", sensitive=True)


def gatekeeper(gateway, *, durable=True):
    """Let intents through at once and hold each outcome until told."""
    release = asyncio.Event()

    async def write(event):
        if event.kind == "outcome":
            await release.wait()
        gateway.sink.events.append(event)
        return durable or event.kind == "intent"

    gateway.sink.durable = write
    return release


async def test_the_answer_waits_for_the_outcome():
    """Not a byte reaches the client before the recorder has said yes; then all of it does."""
    async with running(sensitive()) as gateway:
        release = gatekeeper(gateway)
        reader, writer = await gateway.connect()
        writer.write(RAW)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        assert gateway.upstream.requests
        release.set()
        answer = await asyncio.wait_for(reader.readuntil(b"ok"), 2)
        assert split(answer)[0] == 200
        writer.close()
    kinds = [event.kind for event in gateway.sink.events]
    assert kinds == ["intent", "outcome", "request"]
    assert gateway.sink.events[1].upstream_status == 200


async def test_an_outcome_that_cannot_be_recorded_withholds_the_answer():
    """The client learns that the service has acted and that nothing more can be said."""
    async with running(sensitive()) as gateway:
        gatekeeper(gateway, durable=False).set()
        status, _, body = split(await gateway.send(RAW))
    assert status == 503
    assert b"not-recorded" in body
    assert b"do not repeat blindly" in body
    assert gateway.sink.events[-1].code == "not-recorded"


async def test_a_failing_recorder_is_a_no():
    """An exception in the sink refuses; it never releases."""
    async with running(sensitive()) as gateway:
        errors = []
        gateway.gate.on_error = errors.append

        async def write(event):
            if event.kind == "outcome":
                raise OSError("disk")
            return True

        gateway.sink.durable = write
        assert split(await gateway.send(RAW))[0] == 503
    assert len(errors) == 1


async def test_a_body_that_is_still_coming_is_held_and_then_relayed_whole():
    """The upstream is held while the outcome is written; nothing of the body is lost."""

    async def answer(reader, writer, first):
        writer.write(CHUNKED + b"3\r\nabc\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(b"3\r\ndef\r\n0\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with running(sensitive(), answer=answer) as gateway:
        release = gatekeeper(gateway)
        asyncio.get_running_loop().call_later(0.3, release.set)
        reader, writer = await gateway.connect()
        writer.write(RAW)
        raw = await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 3)
        writer.close()
    assert raw.endswith(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")


async def test_a_client_that_leaves_meanwhile_changes_nothing():
    """The outcome is recorded although nobody waits for the answer any more."""
    async with running(sensitive(), answer=OK) as gateway:
        release = gatekeeper(gateway)
        _, writer = await gateway.connect()
        writer.write(RAW)
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await asyncio.sleep(0.1)
        release.set()
        await asyncio.sleep(0.1)
        assert sorted(event.kind for event in gateway.sink.events) == [
            "intent",
            "outcome",
            "request",
        ]
