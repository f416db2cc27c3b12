"""A load generator with a clock: `python -m bench.loader PORT REQUESTS_FILE --rate 5000 ...`.

Without `--rate` each connection sends as fast as answers come (saturation). With it requests leave
on a fixed schedule, and each latency counts from the moment the request *should* have left, so a
subject that stalls is charged for everybody who waited (no coordinated omission). Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import ctypes
import json
import os
import ssl
import time
from pathlib import Path

import uvloop

# uvloop's own timers tick in milliseconds, which would be most of a latency.
TICK_NANOSECONDS = 200_000


def make_timer(nanoseconds: int) -> int:
    """Return a timerfd(2) readable every `nanoseconds` (Python has it from 3.13 on)."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.timerfd_create(1, 0o4000)  # CLOCK_MONOTONIC, TFD_NONBLOCK
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create")
    interval = (ctypes.c_long * 4)(0, nanoseconds, 0, nanoseconds)
    if libc.timerfd_settime(descriptor, 0, interval, None) < 0:
        raise OSError(ctypes.get_errno(), "timerfd_settime")
    return int(descriptor)


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.held = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, due: float) -> None:
        self.due = due
        self.transport.write(self.load.next_request())

    def data_received(self, data: bytes) -> None:
        held = self.held + data if self.held else data
        end = held.find(b"\r\n\r\n")
        if end < 0:
            self.held = held
            return
        low = held[:end].lower()
        at = low.find(b"\r\ncontent-length:")
        length = (
            int(low[at + 17 : (low.find(b"\r\n", at + 17) + 1 or len(low) + 1) - 1])
            if at >= 0
            else 0
        )
        if len(held) < end + 4 + length:
            self.held = held
            return
        self.held = b""
        self.load.answered(self, held[9:12] == b"200")

    def connection_lost(self, _: Exception | None) -> None:
        self.load.lost += not self.load.over


class Load:
    """All connections of one run."""

    def __init__(self, requests: list[bytes], rate: float) -> None:
        self.requests = requests
        self.rate = rate
        self.number = 0
        self.latencies: list[float] = []
        self.bad = self.lost = self.sent = 0
        self.waiting: collections.deque[float] = collections.deque()
        self.free: list[Connection] = []
        self.over = False
        self.tls: ssl.SSLContext | None = None

    def next_request(self) -> bytes:
        self.number += 1
        self.sent += 1
        return self.requests[self.number % len(self.requests)]

    def answered(self, connection: Connection, good: bool) -> None:
        now = time.perf_counter()
        self.latencies.append(now - connection.due)
        self.bad += not good
        if self.over:
            return
        if not self.rate:
            connection.send(now)
        elif self.waiting:
            connection.send(self.waiting.popleft())
        else:
            self.free.append(connection)

    async def run(self, port: int, connections: int, seconds: float) -> dict[str, float]:
        await self.connect(port, connections)
        begin = time.perf_counter()
        if self.rate:
            await self._schedule(begin, seconds)
        else:
            while self.free:
                self.free.pop().send(time.perf_counter())
            await asyncio.sleep(seconds)
        lasted = time.perf_counter() - begin
        unsent = len(self.waiting)
        self.over = True
        await asyncio.sleep(0.3)
        return self._summary(lasted, unsent)

    async def connect(self, port: int, connections: int) -> None:
        loop = asyncio.get_running_loop()
        name = "localhost" if self.tls else None
        for _ in range(connections):
            _, made = await loop.create_connection(
                lambda: Connection(self), "127.0.0.1", port, ssl=self.tls, server_hostname=name
            )
            self.free.append(made)

    async def _schedule(self, begin: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        total = int(self.rate * seconds)
        number = 0

        def tick() -> None:
            nonlocal number
            os.read(timer, 8)
            now = time.perf_counter()
            while number < total and (due := begin + number / self.rate) <= now:
                number += 1
                if self.free:
                    self.free.pop().send(due)
                else:
                    self.waiting.append(due)
            if number >= total and not ended.done():
                ended.set_result(None)

        timer = make_timer(TICK_NANOSECONDS)
        loop.add_reader(timer, tick)
        await ended
        loop.remove_reader(timer)
        os.close(timer)

    def _summary(self, lasted: float, unsent: int) -> dict[str, float]:
        ordered = sorted(self.latencies)
        if not ordered:
            return {"requests": 0, "rate": 0, "bad": self.bad, "lost": self.lost, "unsent": unsent}

        def at(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 3)

        return {
            "requests": len(ordered),
            "rate": round(len(ordered) / lasted, 1),
            "p50": at(0.5),
            "p99": at(0.99),
            "p999": at(0.999),
            "max": at(1),
            "bad": self.bad,
            "lost": self.lost,
            "unsent": unsent,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("requests", type=Path, help="JSON list of requests (latin-1 text)")
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    requests = [text.encode("latin-1") for text in json.loads(options.requests.read_text())]
    load = Load(requests, options.rate)
    print(json.dumps(uvloop.run(load.run(options.port, options.connections, options.seconds))))


if __name__ == "__main__":
    main()
