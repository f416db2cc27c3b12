"""Mixed traffic for minutes, with reloads and kills: `python -m bench.soak --minutes 5`.

Good and refused calls, clients that leave at any moment, slow uploads, event streams, WebSockets,
services that break off; a new contract every 10 s, a worker killed every 60 s, the recorder once.
Then it is quiet, and everything must be as before: descriptors, counters, memory, the chain, and a
record for each answer. Prints a table and a verdict; exits 1 when something leaked.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from bench import scene
from yett.records.verify import verify

QUIET_SECONDS = 8.0
SAMPLE_SECONDS = 5.0
RELOAD_SECONDS = 10.0
KILL_SECONDS = 60.0
# A surviving worker may grow by this much between the first third and the end.
MAX_GROWTH_MEGABYTES = 16.0
# What a killed worker may hold: 20 ms of events.
MAX_LOST_PER_KILL = 400
OCTETS = "Content-Type: application/octet-stream\r\n"
HELLO = (
    b"GET /talk HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aaaaaaaaaaaaaaaaaaaaaa==\r\n\r\n"
)


# uvloop's answer to writing into a connection that broke a moment ago is a RuntimeError.
BREAKS = (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError, RuntimeError)


def head(method: str, path: str, more: str = "", length: int | None = None) -> bytes:
    framing = "" if length is None else f"Content-Length: {length}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\n{framing}{more}\r\n".encode()


class Soak:
    """Clients of every kind, and what they saw."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.seen: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.over = False
        self.excused_until = 0.0
        self.slowest = 0.0

    async def client(self, kind: Callable[[], Awaitable[None]]) -> None:
        """Repeat one kind of client; a break is wrong unless a worker was just killed."""
        name = getattr(kind, "__name__", "client")
        while not self.over:
            began = time.monotonic()
            try:
                async with asyncio.timeout(30):
                    await kind()
                self.seen[name] += 1
            except BREAKS as error:
                if time.monotonic() > self.excused_until and began > self.excused_until - 4:
                    self.wrong[f"{name}: {type(error).__name__} {error}"[:90]] += 1
                else:
                    self.seen[name + " broken by a kill"] += 1

    @contextlib.asynccontextmanager
    async def open(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def read(self, reader: asyncio.StreamReader, expected: int) -> bytes:
        """Read one answer of known length, or raise."""
        text = await reader.readuntil(b"\r\n\r\n")
        status = int(text[9:12])
        if status != expected:
            raise ValueError(f"{status} for {expected}")
        length = text.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return await reader.readexactly(int(length or 0))

    async def good(self) -> None:
        async with self.open() as (reader, writer):
            for _ in range(50):
                writer.write(head("GET", "/items"))
                began = time.monotonic()
                await self.read(reader, 200)
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.answered["items"] += 1
                await asyncio.sleep(0.002)

    async def note(self) -> None:
        body = json.dumps({"text": "please ring twice " * 40}).encode()
        async with self.open() as (reader, writer):
            for _ in range(20):
                more = "Content-Type: application/json\r\n"
                writer.write(head("POST", "/notes", more, len(body)) + body)
                await self.read(reader, 200)
                self.answered["notes"] += 1
                await asyncio.sleep(0.004)

    async def refused(self) -> None:
        async with self.open() as (reader, writer):
            for path in ("/nowhere", "/items?a=1", f"/items/{random.random()}"):
                writer.write(head("GET", path))
                text = await reader.readuntil(b"\r\n\r\n")
                if not text.startswith(b"HTTP/1.1 4"):
                    raise ValueError(text[:20].decode())
                length = text.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                await asyncio.sleep(0.01)

    async def malformed(self) -> None:
        async with self.open() as (reader, writer):
            writer.write(
                b"GET /items HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
            )
            text = await reader.readuntil(b"\r\n\r\n")
            if not text.startswith(b"HTTP/1.1 400"):
                raise ValueError(text[:20].decode())
            await asyncio.sleep(0.05)

    async def leaver(self) -> None:
        """Leave at a random moment of a random request, by FIN or by RST."""
        path = random.choice(["/slow", "/scarce", "/big", "/events", "/items", "/broken"])
        async with self.open() as (_, writer):
            request = head("GET", path)
            writer.write(request[: random.randrange(1, len(request) * 2)])
            await asyncio.sleep(random.random() * 0.3)
            if random.random() < 0.5:
                linger = struct.pack("ii", 1, 0)
                sock = writer.get_extra_info("socket")
                if sock is not None:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async def leaving_upload(self) -> None:
        async with self.open() as (_, writer):
            writer.write(
                head("POST", "/upload", "Content-Type: application/octet-stream\r\n", 1 << 20)
            )
            writer.write(bytes(random.randrange(1 << 19)))
            await asyncio.sleep(random.random() * 0.1)

    async def upload(self) -> None:
        async with self.open() as (reader, writer):
            writer.write(head("POST", "/upload", OCTETS, 1 << 20))
            for _ in range(16):
                writer.write(bytes(1 << 16))
                await writer.drain()
            await self.read(reader, 200)
            self.answered["upload"] += 1
            await asyncio.sleep(0.2)

    async def slow_head(self) -> None:
        async with self.open() as (reader, writer):
            for byte in head("GET", "/items"):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
            await self.read(reader, 200)
            self.answered["items"] += 1

    async def download(self) -> None:
        async with self.open() as (reader, writer):
            writer.write(head("GET", "/big"))
            await reader.readuntil(b"\r\n\r\n")
            for _ in range(64):
                await reader.readexactly(65536)
                await asyncio.sleep(0.005)
            self.answered["big"] += 1

    async def events(self) -> None:
        async with self.open() as (reader, writer):
            writer.write(head("GET", "/events"))
            if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200"):
                raise ValueError("no stream")
            await reader.readuntil(b"\r\n0\r\n\r\n")
            self.answered["events"] += 1

    async def talk(self) -> None:
        async with self.open() as (reader, writer):
            writer.write(HELLO)
            await reader.readuntil(b"\r\n\r\n")
            for _ in range(20):
                writer.write(bytes(100))
                await reader.readexactly(100)
                await asyncio.sleep(0.05)

    async def broken(self) -> None:
        async with self.open() as (reader, writer):
            writer.write(head("GET", "/broken"))
            await reader.readuntil(b"\r\n\r\n")
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await reader.readexactly(4194304)
                raise ValueError("a cut answer came whole")
        async with self.open() as (reader, writer):
            writer.write(head("GET", "/unanswered"))
            await self.read(reader, 502)
            await asyncio.sleep(0.1)


async def disturb(soak: Soak, gate: scene.Gate, folder: Path, ends: float) -> tuple[int, int]:
    """Reload and kill until it is over; answers how many reloads and kills."""
    began = time.monotonic()
    reloads = kills = 0
    recorder_at = began + (ends - began) / 3
    next_reload, next_kill = began + RELOAD_SECONDS, began + KILL_SECONDS / 2
    while time.monotonic() < ends:
        await asyncio.sleep(0.5)
        now = time.monotonic()
        if now >= next_reload:
            next_reload += RELOAD_SECONDS
            reloads += 1
            scene.write(folder, "openapi.json", json.dumps(scene.document(extra=reloads % 7)))
        if now >= next_kill:
            next_kill += KILL_SECONDS
            kills += 1
            soak.excused_until = now + 3.0
            os.kill(gate.children()["worker-0"], signal.SIGKILL)
        if recorder_at and now >= recorder_at:
            recorder_at = 0.0
            os.kill(gate.children()["recorder"], signal.SIGKILL)
    return reloads, kills


async def watch(gate: scene.Gate, rows: list[dict[str, tuple[float, int]]], began: float) -> None:
    while True:
        row = {}
        for role, pid in gate.children().items():
            with contextlib.suppress(OSError, KeyError):
                row[role] = (scene.resident(pid), scene.descriptors(pid))
        rows.append(row)
        if len(rows) % 6 == 1:
            cells = [f"{r} {m:.1f} MB {f} fds" for r, (m, f) in sorted(row.items())]
            print(f"{time.monotonic() - began:6.0f} s  " + "  ".join(cells), flush=True)
        await asyncio.sleep(SAMPLE_SECONDS)


CROWD = {
    "good": 8, "note": 3, "refused": 3, "malformed": 2, "leaver": 8, "leaving_upload": 2,
    "upload": 1, "slow_head": 4, "download": 2, "events": 4, "talk": 4, "broken": 2,
}  # fmt: skip


async def check_scarce(soak: Soak) -> int:
    """Count refusals of single calls to the operation with four places: leaked places refuse."""
    refused = 0
    for _ in range(64):
        async with soak.open() as (reader, writer):
            writer.write(head("GET", "/scarce"))
            try:
                await soak.read(reader, 200)
            except ValueError:
                refused += 1
    return refused


async def warm(soak: Soak) -> None:
    """Let every worker serve once, so that it has its line to the recorder."""
    for _ in range(40):
        async with soak.open() as (reader, writer):
            writer.write(head("GET", "/items"))
            await soak.read(reader, 200)
    await asyncio.sleep(QUIET_SECONDS)


def fds(gate: scene.Gate) -> dict[str, int]:
    return {role: scene.descriptors(pid) for role, pid in sorted(gate.children().items())}


def recorded(folder: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for segment in (folder / "var/ledger").glob("**/*.jsonl"):
        with segment.open() as lines:
            for line in lines:
                if '"operation":"scene.' in line:
                    found[line.partition('"operation":"scene.')[2].partition('"')[0]] += 1
    return found


async def soak_for(minutes: float) -> list[str]:
    """Run everything; answers what is wrong."""
    async with scene.serving() as port:
        with scene.gate(port, workers=2) as (gate, folder):
            soak = Soak(gate.port)
            await warm(soak)
            before = fds(gate)
            rows: list[dict[str, tuple[float, int]]] = []
            began = time.monotonic()
            watching = asyncio.ensure_future(watch(gate, rows, began))
            clients = [
                asyncio.ensure_future(soak.client(getattr(soak, name)))
                for name, count in CROWD.items()
                for _ in range(count)
            ]
            reloads, kills = await disturb(soak, gate, folder, began + minutes * 60)
            soak.over = True
            await asyncio.gather(*clients)
            await asyncio.sleep(QUIET_SECONDS)
            watching.cancel()
            return await judge(soak, gate, folder, before, rows, reloads, kills)


async def judge(soak, gate, folder, before, rows, reloads, kills) -> list[str]:
    wrong = [f"{count} x {what}" for what, count in soak.wrong.items()]
    after = fds(gate)
    if after != before:
        wrong.append(f"descriptors: {before} before, {after} after")
    spent = sum(map(scene.cpu_seconds, gate.children().values()))
    await asyncio.sleep(5)
    idle = (sum(map(scene.cpu_seconds, gate.children().values())) - spent) / 5
    refused = await check_scarce(soak)
    if refused:
        wrong.append(f"{refused} of 64 single calls found no place: a concurrency counter leaked")
    third = len(rows) // 3
    for role in ("worker-1", "recorder", "worker-0"):
        early = [row[role][0] for row in rows[third : third + 3] if role in row]
        late = [row[role][0] for row in rows[-3:] if role in row]
        growth = min(late) - max(early)
        print(
            f"{role}: {max(early):.1f} MB of its own after a third, {min(late):.1f} MB at the end"
        )
        if growth > MAX_GROWTH_MEGABYTES:
            wrong.append(f"{role} grew by {growth:.1f} MB")
    unexpected = gate.said("unexpected", "internal-error", "crashed", "not-recorded", "log")
    unexpected = [line for line in unexpected if line.get("level") != "warning"]
    wrong += [f"said {line}" for line in unexpected[:5]]
    code = gate.stop()
    if code:
        wrong.append(f"exit code {code}")
    report = verify(folder / "var/ledger")
    if not report.ok:
        wrong.append(f"the ledger does not verify: {report}")
    held = recorded(folder)
    for name, count in soak.answered.items():
        if held[name] < count - kills * MAX_LOST_PER_KILL:
            wrong.append(f"{name}: {count} answered, {held[name]} on record")
    swaps = len(gate.said("swapped"))
    print(f"{reloads} reloads, {swaps} swaps, {kills} workers and 1 recorder killed, exit {code}")
    print(f"slowest good answer {soak.slowest * 1000:.0f} ms; idle CPU {idle:.2%}")
    print("seen:", dict(soak.seen))
    print(f"{sum(soak.answered.values())} answered, {sum(held.values())} requests on record")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    wrong = uvloop.run(soak_for(parser.parse_args().minutes))
    for what in wrong:
        print("WRONG:", what)
    print("verdict:", "FAIL" if wrong else "PASS")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
