"""What soak and hostile stand on: a service with every habit, a contract over it, a real gate.

The service runs in this process, the gate as `yett serve` in processes of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from hashlib import sha1
from pathlib import Path

COMMAND = [sys.executable, "-m", "yett.cli", "serve"]
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
BIG = b"HTTP/1.1 200 OK\r\ncontent-length: 4194304\r\n\r\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
EVENT = b"10\r\ndata: a tick\r\n\r\n\r\n"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
NOTE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}


async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection, by the path of each request."""
    # uvloop says RuntimeError where a write meets a connection that broke a moment ago.
    with contextlib.suppress(
        ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, RuntimeError
    ):
        while await answer(reader, writer):
            await writer.drain()
    writer.transport.abort()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    path = head.split(b" ")[1].decode()
    await skip_body(head, reader, slow=path == "/upload")
    if path == "/slow":
        await asyncio.sleep(0.2)
    elif path == "/unanswered":
        return False
    elif path == "/broken":
        writer.write(BIG + bytes(1000))
        await writer.drain()
        return False
    elif path == "/big":
        writer.write(BIG)
        for _ in range(64):
            writer.write(bytes(65536))
            await writer.drain()
        return True
    elif path == "/events":
        writer.write(CHUNKED)
        for _ in range(20):
            writer.write(EVENT)
            await writer.drain()
            await asyncio.sleep(0.1)
        writer.write(b"0\r\n\r\n")
        return True
    elif path == "/talk":
        await talk(head, reader, writer)
        return False
    writer.write(OK)
    return True


async def skip_body(head: bytes, reader: asyncio.StreamReader, *, slow: bool) -> None:
    if b"\r\ntransfer-encoding: chunked" in head:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    elif b"\r\ncontent-length: " in head:
        left = int(head.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0])
        while left:
            piece = await reader.read(min(left, 65536))
            if not piece:
                raise ConnectionError
            left -= len(piece)
            if slow:
                await asyncio.sleep(0.005)


async def talk(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Switch to a WebSocket that echoes bytes."""
    key = head.split(b"sec-websocket-key: ")[1].split(b"\r\n")[0]
    # The head was made lower-case; the one key our clients use is lower-case already.
    accept = b64encode(sha1(key + GUID, usedforsecurity=False).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-accept: %b\r\n\r\n" % accept
    )
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """Run the service; answers its port."""
    server = await asyncio.start_server(service, "127.0.0.1", 0, limit=1 << 20)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def operation(name: str, **settings: object) -> dict[str, object]:
    return {
        "operationId": name,
        "x-yett": {"public": True, **settings},
        "responses": {"200": {"description": "fine"}},
    }


def document(extra: int = 0) -> dict[str, object]:
    """The contract; `extra` operations more make it another one."""
    body = {"required": True, "content": {"application/json": {"schema": NOTE}}}
    octets = {"required": True, "content": {"application/octet-stream": {}}}
    paths: dict[str, object] = {
        "/items": {"get": operation("items")},
        "/slow": {"get": operation("slow")},
        "/scarce": {"get": operation("scarce", concurrency=4)},
        "/unanswered": {"get": operation("unanswered")},
        "/broken": {"get": operation("broken")},
        "/big": {"get": operation("big", stream="response")},
        "/events": {"get": operation("events", stream="response")},
        "/talk": {"get": operation("talk", websocket=True)},
        "/notes": {"post": operation("notes") | {"requestBody": body}},
        "/upload": {
            "post": operation("upload", stream="request", max_body=1 << 28)
            | {"requestBody": octets}
        },
    }
    paths |= {f"/extra{at}": {"get": operation(f"extra{at}")} for at in range(extra)}
    return {"openapi": "3.1.0", "info": {"title": "scene", "version": "1"}, "paths": paths}


CONFIG = """
[api.scene]
openapi = "openapi.json"
upstream = "http://127.0.0.1:{port}"

[gateway]
listen = "127.0.0.1:0"
drain_timeout = 5
{gateway}

[limits]
default = ["100000000/min per ip"]
failures = "1000000/min per ip"
"""


def write(folder: Path, name: str, text: str) -> None:
    """Replace a file in one step, as a deployment does."""
    part = folder / f".{name}.part"
    part.write_text(text)
    part.replace(folder / name)


class Gate:
    """A running `yett serve` and what it has said."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "-C", str(folder), "--format", "json", "--workers", str(workers)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"yett did not start: {self.process.communicate()[1].decode()}")
        self.port = int(json.loads(line)["url"].rpartition(":")[2])
        self.lines: list[dict[str, object]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with contextlib.suppress(ValueError):
                self.lines.append(json.loads(line))

    def said(self, *events: str) -> list[dict[str, object]]:
        """Lifecycle lines of these kinds."""
        return [line for line in self.lines if line.get("event") in events]

    def children(self) -> dict[str, int]:
        """Role to process id."""
        pid, found = self.process.pid, {}
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError):
                name = Path(f"/proc/{child}/comm").read_text().strip()
                found[name.removeprefix("yett ")] = int(child)
        return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextlib.contextmanager
def gate(port: int, workers: int, gateway: str = "") -> Iterator[tuple[Gate, Path]]:
    """Run a gate before the service; answers it and its contract folder."""
    with tempfile.TemporaryDirectory(prefix="yett-scene-") as name:
        folder = Path(name)
        write(folder, "openapi.json", json.dumps(document()))
        write(folder, "yett.toml", CONFIG.format(port=port, gateway=gateway))
        running = Gate(folder, workers)
        try:
            yield running, folder
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait(10)


def resident(pid: int) -> float:
    """Resident megabytes that are the process's own (not shared with its siblings)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    rows = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    own = sum(int(rows[name].split()[0]) for name in ("Private_Dirty", "Private_Clean"))
    return own / 1024


def descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
