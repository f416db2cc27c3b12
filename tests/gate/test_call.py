"""Questions of the engine, answered by the edge."""

from __future__ import annotations

import asyncio

from kit.engine import ALICE, DictView, operation
from kit.gateway import public, reset, running, split, takes_anything

from yett.credentials.verifier import Verified
from yett.wire.tasks import running as tasks

ASK = b"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer new\r\n\r\n"


def unknown_key():
    view = DictView()
    view.tokens[b"new"] = Verified(None, "iss", "k9")
    return view


async def test_unknown_keys_are_fetched_once_and_looked_at_again():
    """The request waits for its keys, and is then decided."""
    view, asked = unknown_key(), []

    async def fetch(issuer, kid):
        asked.append((issuer, kid))
        await asyncio.sleep(0.01)
        view.tokens[b"new"] = Verified(ALICE)
        return True

    async with running(operation("GET", "/x"), view=view, fetch_keys=fetch) as gateway:
        assert split(await gateway.send(ASK))[0] == 200
        assert asked == [("iss", "k9")]


async def test_a_fetch_that_fails_or_hangs_is_a_no(monkeypatch):
    """An exception or silence while fetching keys refuses, and lets nothing through."""
    monkeypatch.setattr("yett.gate.asking.QUESTION_SECONDS", 0.05)

    async def fails(issuer, kid):
        raise OSError("down")

    async def hangs(issuer, kid):
        await asyncio.sleep(60)

    for fetch in (fails, hangs):
        async with running(operation("GET", "/x"), view=unknown_key(), fetch_keys=fetch) as gateway:
            gateway.gate.on_error = lambda error: None
            assert split(await gateway.send(ASK))[0] in {401, 503}
            assert gateway.upstream.bytes == b""


async def test_a_client_that_leaves_during_a_question():
    """The answer that comes too late changes nothing: no forward, one record, no task left."""
    release, asked = asyncio.Event(), asyncio.Event()

    async def fetch(issuer, kid):
        asked.set()
        await release.wait()
        return True

    async with running(operation("GET", "/x"), view=unknown_key(), fetch_keys=fetch) as gateway:
        _, writer = await gateway.connect()
        writer.write(ASK)
        await asyncio.wait_for(asked.wait(), 5)
        reset(writer)
        while gateway.gate.connections:
            await asyncio.sleep(0.01)
        release.set()
        while tasks():
            await asyncio.sleep(0.01)
        assert len(gateway.sink.events) == 1
        assert gateway.upstream.bytes == b""


async def test_a_sensitive_operation_waits_for_its_record():
    """Nothing is forwarded before the intent is durable; if it cannot be, the request is refused."""
    raw = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    for durable, wanted in ((True, 200), (False, 503)):
        async with running(public("GET", "/x", sensitive=True)) as gateway:

            async def write(event, gateway=gateway, durable=durable):
                assert event.kind != "intent" or gateway.upstream.bytes == b""
                gateway.sink.events.append(event)
                return durable

            gateway.sink.durable = write
            assert split(await gateway.send(raw))[0] == wanted
            assert gateway.sink.events[0].kind == "intent"


async def test_concurrency_counters_are_left_whatever_happens():
    """Answered, refused or abandoned: nobody stays counted as under way."""
    async with running(operation("GET", "/x", concurrency=2)) as gateway:
        good = ASK.replace(b"new", b"good")
        await gateway.send(good, good)
        _, writer = await gateway.connect()
        writer.write(good)
        reset(writer)
        while gateway.gate.connections:
            await asyncio.sleep(0.01)
        assert not any(gateway.view.inside.values())


async def test_a_body_that_ran_ahead_of_a_question_is_read_whole():
    """A large body that comes while keys are fetched waits in the socket, then is taken."""
    view, release = unknown_key(), asyncio.Event()

    async def fetch(issuer, kid):
        await release.wait()
        view.tokens[b"new"] = Verified(ALICE)
        return True

    ask = ASK.replace(b"GET", b"POST")[:-2] + b"Content-Length: 500000\r\n\r\n"
    for changes in ({"body": takes_anything}, {"stream_request": True}):
        release.clear()
        view.tokens[b"new"] = Verified(None, "iss", "k9")
        guarded = operation("POST", "/x", max_body=1 << 20, **changes)
        async with running(guarded, view=view, fetch_keys=fetch) as gateway:
            sending = asyncio.ensure_future(gateway.send(ask, bytes(500_000), eof=False, wait=10))
            while not gateway.gate.connections:
                await asyncio.sleep(0.01)
            (connection,) = gateway.gate.connections
            while not connection._paused:
                await asyncio.sleep(0.01)
            assert len(connection.reader.data) < 500_000
            release.set()
            while not gateway.sink.events:
                await asyncio.sleep(0.01)
            assert (gateway.sink.events[0].status, gateway.sink.events[0].bytes_in) == (
                200,
                500_000,
            )
            sending.cancel()
