"""A tunnel's backpressure; the rest of it is proven in test_handshake.py."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode

from kit.gateway import running

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HELLO = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\n\r\n" % KEY
)
SWITCH = (
    b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
    % b64encode(hashlib.sha1(KEY + GUID, usedforsecurity=False).digest())
)


async def test_both_ends_are_held_back():
    """A side that does not read makes the other stop, in both directions."""
    sent = 0

    async def flood(reader, writer, first):
        nonlocal sent
        writer.write(SWITCH)
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()
            sent += 1 << 16

    async with running(answer=flood) as gateway:
        reader, writer = await gateway.connect()
        writer.write(HELLO)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.15)
        assert sent < 32 << 20
        pushed = 0
        while pushed < 64 << 20:
            writer.write(bytes(1 << 16))
            try:
                await asyncio.wait_for(writer.drain(), 0.3)
            except TimeoutError:
                break
            pushed += 1 << 16
        assert pushed < 64 << 20  # the upstream never reads
        writer.transport.abort()
