"""Lifespan: yett starts first and stops last, also for applications that know none of it."""

from __future__ import annotations

import pytest
from kit.within import Client, answers, body, guarded, scope, start

from yett.state.errors import StateError

LIFE = {"type": "lifespan", "asgi": {"version": "3.0"}}


async def live(yett, *, messages=("lifespan.startup", "lifespan.shutdown")):
    sent, queue = [], [{"type": kind} for kind in messages]

    async def receive():
        return queue.pop(0)

    async def send(message):
        sent.append((message["type"], yett.upkeep.loop is not None))

    await yett(dict(LIFE), receive, send)
    return sent


async def polite(told, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    await send({"type": "lifespan.shutdown.complete"})


async def ignorant(told, receive, send):
    if told["type"] == "lifespan":
        raise ValueError("only HTTP")  # as Django does
    await answers(start(), body(b"x"))(told, receive, send)


async def silent(_told, _receive, _send):
    return


@pytest.mark.parametrize("app", [polite, ignorant, silent])
async def test_it_is_answered_whatever_the_application_knows(tmp_path, app):
    """Complete once at the start with yett running, once at the end with yett stopped."""
    async with guarded(tmp_path, app, small=True) as (yett, _sink):
        assert await live(yett) == [
            ("lifespan.startup.complete", True),
            ("lifespan.shutdown.complete", False),
        ]


async def test_an_application_that_cannot_start_is_heard(tmp_path):
    """Its own failure reaches the server, and yett stops."""

    async def failing(_told, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        raise RuntimeError("no database")

    async with guarded(tmp_path, failing, small=True) as (yett, _sink):
        with pytest.raises(RuntimeError, match="no database"):
            await live(yett)
        assert yett.upkeep.loop is None


async def test_yett_that_cannot_start_fails_the_startup(tmp_path):
    """The application is not even asked."""
    async with guarded(tmp_path, silent, small=True) as (yett, _sink):
        locks = tmp_path / "contract" / "var"
        locks.write_text("a file where a folder must be")
        sent = []

        async def receive():
            return {"type": "lifespan.startup"}

        async def send(message):
            sent.append(message)

        await yett(dict(LIFE), receive, send)
        assert sent[0]["type"] == "lifespan.startup.failed"
        assert "locks" in sent[0]["message"]
        client = Client()
        with pytest.raises(StateError):  # and a server that goes on all the same serves nothing
            await yett(scope(target="/echo"), client.receive, client.send)
        assert client.sent == []


async def test_a_server_without_lifespan(tmp_path):
    """The first request starts what is needed."""
    async with guarded(tmp_path, ignorant, small=True) as (yett, sink):
        client = Client()
        await yett(scope(target="/echo"), client.receive, client.send)
        assert client.body == b"x"
        assert len(sink.events) == 1
