"""An open answer of a guarded application ends soon after its credential is revoked."""

from __future__ import annotations

import asyncio

import pytest
from kit.within import Client, body, guarded, scope, start

EVENTS = (b"content-type", b"text/event-stream")


def revoke_soon(yett):
    """Have everybody revoked once the first look has found nobody."""
    asks = []

    def revoked(_principal):
        asks.append(1)
        return len(asks) > 2

    yett.core.current.view.revoked = revoked


async def test_streamed_events_end_with_a_revocation(tmp_path):
    """A stream whose caller was revoked is cut, and the record says why."""

    async def app(_scope, _receive, send):
        await send(start(200, EVENTS))
        while True:
            await send(body(b"data: 1\n\n", more=True))
            await asyncio.sleep(0.01)

    async with guarded(tmp_path, app, small=True) as (yett, sink):
        revoke_soon(yett)
        client = Client()
        with pytest.raises(Exception, match="credential-revoked"):
            await yett(scope(target="/events", who="ann"), client.receive, client.send)
        assert client.body.startswith(b"data: 1")
        assert sink.events[0].code == "credential-revoked"


async def test_a_silent_stream_ends_with_a_revocation(tmp_path):
    """It need not say anything to be found."""

    async def app(_scope, _receive, send):
        await send(start(200, EVENTS))
        await send(body(b"data: 1\n\n", more=True))
        await asyncio.sleep(60)

    async with guarded(tmp_path, app, small=True) as (yett, sink):
        revoke_soon(yett)
        client = Client()
        with pytest.raises(Exception, match="credential-revoked"):
            await yett(scope(target="/events", who="ann"), client.receive, client.send)
        assert sink.events[0].code == "credential-revoked"


async def test_a_stream_that_ended_is_watched_no_longer(tmp_path):
    """What the application does after its answer is not cut."""
    done = []

    async def app(_scope, _receive, send):
        await send(start(200, EVENTS))
        await send(body(b"data: 1\n\n", more=True))
        await send(body(b"", more=False))
        await asyncio.sleep(1.2)
        done.append(1)

    async with guarded(tmp_path, app, small=True) as (yett, sink):
        revoke_soon(yett)
        client = Client()
        await yett(scope(target="/events", who="ann"), client.receive, client.send)
        assert done == [1]
        assert sink.events[0].code == ""


async def test_a_websocket_ends_with_a_revocation(tmp_path):
    """A talk is closed with 4401, as when the credential expires."""
    sent = []

    async def app(_scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.sleep(60)

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    async with guarded(tmp_path, app, small=True) as (yett, sink):
        revoke_soon(yett)
        asked = scope(target="/talk", who="ann", type="websocket", subprotocols=[])
        asked["headers"] = [pair for pair in asked["headers"] if pair[0] != b"content-length"]
        asked["type"] = "websocket"
        await yett(asked, receive, send)
        assert sent[-1] == {"type": "websocket.close", "code": 4401}
        assert sink.events[0].code == "credential-revoked"
