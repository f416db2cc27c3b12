"""WebSocket: the handshake on both sides, the pipe, and its end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time

import pytest
from kit.engine import ALICE, DictView, operation
from kit.gateway import USUAL, program, running, split

from yett.contract.config import CorsConfig
from yett.credentials.verifier import Verified
from yett.wire import clock

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = base64.b64encode(
    hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
)


def hello(**changes):
    fields = {
        b"Host": b"a",
        b"Connection": b"keep-alive, Upgrade",
        b"Upgrade": b"WebSocket",
        b"Sec-WebSocket-Key": KEY,
        b"Sec-WebSocket-Version": b"13",
    }
    fields |= {k.replace("_", "-").encode(): v for k, v in changes.items()}
    lines = b"".join(b"%b: %b\r\n" % field for field in fields.items() if field[1] is not None)
    return b"GET /ws HTTP/1.1\r\n" + lines + b"\r\n"


def switching(accept=ACCEPT, first=b""):
    async def answer(reader, writer, head):
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\nSec-WebSocket-Protocol: chat\r\n\r\n%b" % (accept, first)
        )
        while data := await reader.read(1 << 16):
            writer.write(b"echo:" + data)
            await writer.drain()
        writer.close()

    return answer


async def open_tunnel(gateway, raw=None):
    reader, writer = await gateway.connect()
    writer.write(raw or hello())
    return reader, writer, await reader.readuntil(b"\r\n\r\n")


async def test_a_websocket_is_piped_both_ways():
    """After a checked 101 bytes pass both ways, and the record is written at the end."""
    async with running(answer=switching(first=b"hi")) as gateway:
        reader, writer, head = await open_tunnel(gateway)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"sec-websocket-accept: " + ACCEPT.lower() in head.lower()
        assert b"Sec-WebSocket-Protocol: chat" in head
        assert await reader.readexactly(2) == b"hi"
        writer.write(b"\x81\x05hello")
        assert await reader.readexactly(12) == b"echo:\x81\x05hello"
        assert b"upgrade: websocket\r\n" in gateway.upstream.bytes
        writer.close()
        while not gateway.sink.events:
            await asyncio.sleep(0.01)
        event = gateway.sink.events[0]
        assert (event.status, event.bytes_in, event.bytes_out) == (101, 7, 14)
        assert not gateway.gate.current.pools["api"]._idle


async def test_a_wrong_handshake_never_reaches_the_upstream():
    """Method, version, key, upgrade and origin are checked before anything is forwarded."""
    wrong = [
        hello(Upgrade=None),
        hello(Upgrade=b"h2c"),
        hello(Connection=b"keep-alive"),
        hello(Sec_WebSocket_Version=b"8"),
        hello(Sec_WebSocket_Version=None),
        hello(Sec_WebSocket_Key=None),
        hello(Sec_WebSocket_Key=b"short"),
        hello(Origin=b"https://evil.example"),
        hello(Origin=b"null"),
        hello(Origin=b"https://a"),
        hello().replace(b"HTTP/1.1", b"HTTP/1.0"),
        hello(Content_Length=b"3") + b"abc",
    ]
    async with running(answer=switching()) as gateway:
        for raw in wrong:
            status, _, _ = split(await gateway.send(raw))
            assert status in {400, 403}, raw
        assert gateway.upstream.bytes == b""


async def test_origins_that_may_open_a_websocket():
    """The own host and configured origins may; others were refused above."""
    cors = CorsConfig(origins=("https://app.example",))
    async with running(answer=switching()) as gateway:
        gateway.gate.swap(program(*USUAL, port=gateway.upstream.port, cors=cors))
        for origin in (b"http://a", b"https://app.example"):
            _, writer, head = await open_tunnel(gateway, hello(Origin=origin))
            assert head.startswith(b"HTTP/1.1 101 "), origin
            writer.transport.abort()


async def test_a_switch_without_a_handshake_is_broken():
    """A 101 whose accept value is not ours is a 502."""
    async with running(answer=switching(accept=b"bm90IG91cnM=")) as gateway:
        assert split(await gateway.send(hello()))[0] == 502


async def test_a_service_may_decline():
    """An ordinary answer to a handshake is relayed."""
    async with running() as gateway:
        assert split(await gateway.send(hello()))[0] == 200


async def test_the_end_of_the_service_ends_the_client():
    """When the service closes, so does the gate."""

    async def brief(reader, writer, head):
        await switching(first=b"bye")(asyncio.StreamReader(), Once(writer), head)

    class Once:
        def __init__(self, writer):
            self.writer = writer

        def write(self, data):
            self.writer.write(data)
            self.writer.close()
            raise ConnectionError

    async with running(answer=brief) as gateway:
        reader, _, _ = await open_tunnel(gateway)
        assert await asyncio.wait_for(reader.read(), 5) == b"bye"


@pytest.mark.parametrize("how", ["expiry", "silence", "revocation"])
async def test_a_tunnel_ends_with_its_credential_or_by_silence(monkeypatch, how):
    """A WebSocket outlives neither its token nor the idle bound, nor a revocation."""
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.02)
    view = DictView()
    soon = time.time() + (0.2 if how == "expiry" else 100)
    if how == "silence":
        monkeypatch.setattr("yett.gate.standing.IDLE_SECONDS", 0.2)
    principal = type(ALICE)(
        id="alice", kind="user", issuer="iss", scopes=ALICE.scopes, scheme="jwt", expires=soon
    )
    view.tokens[b"soon"] = Verified(principal)
    guarded = operation("GET", "/ws", websocket=True)
    async with running(guarded, answer=switching(), view=view) as gateway:
        reader, _, head = await open_tunnel(gateway, hello(Authorization=b"Bearer soon"))
        assert head.startswith(b"HTTP/1.1 101 ")
        if how == "revocation":
            view.banned.add("alice")
        await asyncio.wait_for(reader.read(), 5)
        while not gateway.sink.events:
            await asyncio.sleep(0.01)
