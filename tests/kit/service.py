"""A service on one port of loopback that can die, come back, hang, stream and talk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import threading
from base64 import b64encode

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENT = b"b\r\ndata: 1\r\n\r\n\r\n"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Service:
    """Runs in a thread.

    Attributes:
        port: the same over all its lives.
        hangs: take requests and answer none.
        reads: read the bodies of requests; may be switched off and on.
        asked: the paths of requests that have come, in order.
        taken, given: bytes of bodies read, and of downloads written.
    """

    def __init__(self):
        self.port = 0
        self.hangs = False
        self.reads = True
        self.asked = []
        self.taken = 0
        self.given = 0
        self._writers = set()
        self._server = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start()

    def start(self):
        """Listen, on the port of the life before."""
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self.port = self._server.sockets[0].getsockname()[1]

    def die(self):
        """Close the port and reset every connection, as a killed process does."""

        async def end():
            # asyncio forgets a connection that it accepts while its server closes: it would hang.
            for listening in self._server.sockets:
                self._loop.remove_reader(listening.fileno())
            await asyncio.sleep(0.01)
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()

        self._call(end())

    def close(self):
        """End the thread."""
        self.die()
        self._call(self._cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _cancel(self):
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.01)

    def _call(self, coro):
        return asyncio.run_coroutine_threadsafe(coro, self._loop).result(10)

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, RuntimeError):
            while await self._answer(reader, writer):
                await writer.drain()
        self._writers.discard(writer)
        writer.transport.abort()

    async def _answer(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1]
        self.asked.append(path.decode())
        await self._read_body(head, reader)
        while self.hangs:
            await asyncio.sleep(0.02)
        if path == b"/events":
            writer.write(STREAM)
            while True:
                writer.write(EVENT)
                await writer.drain()
                await asyncio.sleep(0.05)
        if path == b"/talk":
            await self._talk(head, reader, writer)
            return False
        if path == b"/download":
            size = 200 << 20
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
            for _ in range(size >> 16):
                writer.write(bytes(1 << 16))
                await writer.drain()
                self.given += 1 << 16
            return True
        if path == b"/slow":
            await asyncio.sleep(0.5)
        writer.write(OK)
        return True

    async def _read_body(self, head, reader):
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        left = int(length or 0)
        while left:
            piece = await reader.read(min(left, 1 << 16))
            if not piece:
                raise ConnectionError
            left -= len(piece)
            self.taken += len(piece)
            while not self.reads:
                await asyncio.sleep(0.02)

    async def _talk(self, head, reader, writer):
        key = re.search(rb"(?i)sec-websocket-key: ([^\r]*)", head)[1]
        accept = b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
        writer.write(
            b"HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-accept: %b\r\n\r\n" % accept
        )
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
