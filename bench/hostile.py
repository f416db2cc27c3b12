"""A steady client beside hostile ones: `python -m bench.hostile`.

One worker. Hostile clients run in a process of their own; the steady client sends 500 requests a
second on a fixed schedule over 20 connections, and a latency counts from when the request was due
if the answer before was late. Prints a table: before each kind of hostile client came / beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import resource
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from bench import scene

RATE = 500
CONNECTIONS = 20
SETTLE_SECONDS = 2.0
LATE_SECONDS = 0.003
REQUEST = b"GET /items HTTP/1.1\r\nHost: a\r\n\r\n"
REFUSED = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
UPLOAD = (
    b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n\r\n"
)


class Crowd:
    """Hostile clients, all of one kind."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # 20,000 ports an address: several addresses of loopback.
        source = (f"127.0.0.{2 + len(self.writers) % 8}", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=source)
        self.writers.append(writer)
        return reader, writer

    async def idle(self) -> None:
        """5,000 connections that have asked once and say nothing more."""
        for _ in range(5000):
            _, writer = await self.connect()
            writer.write(REQUEST)

    async def silent(self) -> None:
        """5,000 connections that never say a word; those that are closed come back."""
        await self.keep(5000, self.say_nothing)

    async def say_nothing(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def slow_heads(self) -> None:
        """1,000 heads that come a byte a second."""
        await self.keep(1000, self.dribble_head)

    async def dribble_head(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in REQUEST * 2:
            writer.write(bytes([byte]))
            await asyncio.sleep(1.0)

    async def slow_bodies(self) -> None:
        """1,000 bodies that come at 100 bytes a second."""
        await self.keep(1000, self.dribble_body)

    async def dribble_body(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(UPLOAD)
        for _count in range(1000):
            writer.write(bytes(100))
            await asyncio.sleep(1.0)

    async def stalled_readers(self) -> None:
        """500 downloads of 4 MB that nobody reads."""
        for _ in range(500):
            _, writer = await self.connect()
            writer.transport.pause_reading()
            writer.write(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")

    async def stalled_pipelines(self) -> None:
        """100 pipelines of refused calls whose answers nobody reads."""
        for _ in range(100):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", self.port))
            sock.setblocking(False)
            _, writer = await asyncio.open_connection(sock=sock)
            writer.transport.pause_reading()
            writer.write(REFUSED * 10_000)
            self.writers.append(writer)
        await asyncio.sleep(6)

    async def flooding_pipelines(self) -> None:
        """8 connections that send refused calls as fast as they are answered, 100 ahead."""
        await self.keep(8, self.flood)

    async def flood(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(REFUSED * 100)
            for _ in range(100):
                await reader.readuntil(b"\r\n\r\n")
                await reader.readuntil(b"}")

    async def large_heads(self) -> None:
        """50 connections that send heads without an end, in pieces of 1 KB."""
        await self.keep(50, self.send_head)

    async def send_head(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /items HTTP/1.1\r\nHost: a\r\nX: ")
        for _count in range(64):
            writer.write(b"a" * 1024)
            await writer.drain()
            await asyncio.sleep(0.05)

    async def keep(
        self,
        count: int,
        act: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    ) -> None:
        """Have `count` of them at any time: who is thrown out comes back."""

        async def one() -> None:
            while True:
                with contextlib.suppress(OSError, RuntimeError):
                    reader, writer = await self.connect()
                    await act(reader, writer)
                    writer.transport.abort()
                await asyncio.sleep(1.0)

        self.tasks = []
        for at in range(count):
            self.tasks.append(asyncio.ensure_future(one()))
            if at % 100 == 99:
                await asyncio.sleep(0.02)


KINDS = (
    "idle", "silent", "slow_heads", "slow_bodies", "stalled_readers", "stalled_pipelines",
    "flooding_pipelines", "large_heads",
)  # fmt: skip


def attack(kind: str, port: int, there: object, over: object) -> None:
    """Be hostile, in a process of its own, until told that it is over."""
    raise_descriptors()

    async def run() -> None:
        crowd = Crowd(port)
        await getattr(crowd, kind)()
        there.set()  # type: ignore[attr-defined]
        await asyncio.to_thread(over.wait)  # type: ignore[attr-defined]
        os._exit(0)

    uvloop.run(run())


def raise_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def measure(port: int, seconds: float) -> list[float]:
    """Latencies in milliseconds of the steady client."""
    found: list[float] = []
    began = time.monotonic() + 0.1
    each = CONNECTIONS / RATE

    async def one(at: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        due = began + at / RATE
        while due < began + seconds:
            await asyncio.sleep(due - time.monotonic())
            # uvloop's timers tick in milliseconds; only what is later is the gate's doing.
            sent = due if time.monotonic() - due > LATE_SECONDS else time.monotonic()
            writer.write(REQUEST)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"the steady client was refused: {head!r}")
            found.append((time.monotonic() - sent) * 1000)
            due += each
        writer.transport.abort()

    await asyncio.gather(*[one(at) for at in range(CONNECTIONS)])
    return found


def worker(gate: scene.Gate) -> int:
    return gate.children()["worker-0"]


def memory(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def row(name: str, before: list[float], beside: list[float], cpu: float, megabytes: float) -> str:
    alone, now = (statistics.quantiles(found, n=1000) for found in (before, beside))
    pairs = [f"{alone[at]:.2f} / {now[at]:.2f}" for at in (499, 989, 998)]
    return f"| {name.replace('_', ' ')} | {' | '.join(pairs)} | {cpu:.0%} | {megabytes:.0f} |"


async def run(seconds: float, kinds: tuple[str, ...]) -> None:
    """Print the table."""
    async with scene.serving() as port:
        with scene.gate(port, workers=1) as (gate, _):
            await measure(gate.port, 2.0)
            print("| hostile clients | p50 ms | p99 ms | p99.9 ms | worker's CPU | MB |")
            print("|---|--:|--:|--:|--:|--:|")
            for kind in kinds:
                print(await beside(gate, kind, seconds), flush=True)
            await measure(gate.port, 1.0)
            if gate.stop():
                raise SystemExit("the gate did not end in order")


async def beside(gate: scene.Gate, kind: str, seconds: float) -> str:
    before = await measure(gate.port, seconds)
    context = multiprocessing.get_context("spawn")
    there, over = context.Event(), context.Event()
    crowd = context.Process(target=attack, args=(kind, gate.port, there, over))
    crowd.start()
    try:
        await asyncio.to_thread(there.wait, 60)
        await asyncio.sleep(SETTLE_SECONDS)
        spent, began = scene.cpu_seconds(worker(gate)), time.monotonic()
        found = await measure(gate.port, seconds)
        cpu = (scene.cpu_seconds(worker(gate)) - spent) / (time.monotonic() - began)
        return row(kind, before, found, cpu, memory(worker(gate)))
    finally:
        over.set()
        crowd.join(10)
        crowd.kill()
        await asyncio.sleep(SETTLE_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12, help="for each kind")
    parser.add_argument("--kind", action="append", choices=sorted(set(KINDS)))
    asked = parser.parse_args()
    raise_descriptors()
    uvloop.run(run(asked.seconds, tuple(asked.kind or KINDS)))


if __name__ == "__main__":
    main()
