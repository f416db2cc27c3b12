"""WebSockets: the handshake is a request that is decided; it ends when the credential does."""

from __future__ import annotations

import asyncio

import pytest
from kit.adapters import compiled_once, listening
from kit.gateway import ListSink
from kit.scenario import token
from kit.within import guarded, scope, small_contract, visit
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from yett.asgi import Yett
from yett.gate.within import standing


async def echo(told, receive, send):
    assert told["type"] == "websocket"
    assert told["yett"].principal.id == "1"
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def play(yett, *messages, **told):
    sent, queue = [], [{"type": "websocket.connect"}, *messages]

    async def receive():
        if not queue:
            await asyncio.Event().wait()
        return queue.pop(0)

    async def send(message):
        sent.append(message)

    made = {"type": "websocket", "scheme": "ws", "target": "/talk"} | told
    async with asyncio.timeout(5):
        await yett(scope(**made), receive, send)
    return sent


async def test_a_declared_websocket_talks_through_a_server(tmp_path):
    """A real client, a real server; one record with the bytes of both ways."""
    sink = ListSink()
    with compiled_once():
        yett = Yett(echo, small_contract(tmp_path / "contract"), sink=sink)
    async with listening(yett, lifespan="auto") as port:
        url = f"ws://127.0.0.1:{port}/talk"
        headers = {"authorization": f"Bearer {token('ann')}"}
        async with connect(url, additional_headers=headers) as client:
            await client.send("hello")
            assert await client.recv() == "hello"
        with pytest.raises(InvalidStatus) as refused:
            await connect(url)
        assert refused.value.response.status_code == 401
    events = [event for event in sink.events if event.kind == "request"]
    assert {(e.status, e.code, e.bytes_in, e.bytes_out) for e in events} == {
        (101, "", 5, 5),
        (401, "credential-missing", 0, events[-1].bytes_out),
    }


async def test_a_refusal_before_the_handshake(tmp_path):
    """A close with 4403 where the server can give no answer; the application hears nothing."""
    async with guarded(tmp_path, echo, small=True) as (yett, sink):
        assert await play(yett) == [{"type": "websocket.close", "code": 4403}]
        assert await play(yett, target="/nowhere") == [{"type": "websocket.close", "code": 4403}]
        assert await play(yett, target="/a%2fb") == [{"type": "websocket.close", "code": 4403}]
        codes = [event.code for event in sink.events]
        assert codes == ["credential-missing", "undeclared-path", "ambiguous-target"]


async def test_an_operation_that_is_no_websocket(tmp_path):
    """A WebSocket to a plain operation, and a plain request to a WebSocket, are both refused."""
    async with guarded(tmp_path, echo, small=True) as (yett, sink):
        assert (await play(yett, target="/echo"))[0]["code"] == 4403
        client = await visit(yett, target="/talk", who="ann")
        assert (client.status, client.headers[b"upgrade"]) == (400, b"websocket")
        assert {event.code for event in sink.events} == {"malformed-request"}


async def test_a_page_of_another_site_opens_none(tmp_path):
    """Cross-site WebSocket hijacking (CWE-1385)."""
    async with guarded(tmp_path, echo, small=True) as (yett, sink):
        ends = {"type": "websocket.disconnect"}
        own = await play(yett, ends, who="ann", headers=[(b"origin", b"http://shop.test")])
        assert own == [{"type": "websocket.accept"}]
        other = await play(yett, who="ann", headers=[(b"origin", b"https://evil.test")])
        assert other[0]["code"] == 4403
        assert sink.events[-1].code == "origin-not-allowed"


async def test_it_ends_with_the_credential(tmp_path, monkeypatch):
    """A talk does not outlive its token."""
    far = standing.time
    monkeypatch.setattr(standing, "time", lambda: far() + 631)
    async with guarded(tmp_path, echo, small=True) as (yett, sink):
        sent = await play(yett, who="ann")
        assert sent[-1] == {"type": "websocket.close", "code": 4401}
        assert sink.events[0].code == "credential-expired"
