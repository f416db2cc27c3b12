"""What a record costs, in microseconds of CPU per event: `.venv/bin/python bench/records.py`.

Medians of interleaved runs. `append` and `frame` are paid by a worker, `ledger` by the recorder;
`durable` is the whole way (spool, socket, recorder in its own process, fsync) in events a second.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import statistics
import tempfile
import time
from pathlib import Path

from yett.records.frames import FrameReader, encode_batches
from yett.records.ledger import ChainLedger, Entry
from yett.records.recorder import run
from yett.records.spool import Spool
from yett.records.verify import verify
from yett.terms import Event

RUNS = 7
COUNT = 25_600
GROUP = 256

EVENT = Event(
    time=1_795_307_444.923,
    request="01JD9K3V5C8Q2W7Z4X6B1N0M9P",
    method="GET",
    path="/bookings/17f6d0c2",
    operation="portal.getBooking",
    api="portal",
    source="203.0.113.9",
    principal="user-4711",
    principal_kind="user",
    issuer="https://login.example.com",
    client="web",
    tenant="acme",
    credential="6f1d2c3b4a59",
    verdict="allow",
    step=13,
    status=200,
    upstream_status=200,
    bytes_out=512,
    milliseconds=1.25,
    policy="9f86d081884c7d65",
    trace="4bf92f3577b34da6a3ce929d0e0e4736",
)


def micros(work) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) / COUNT * 1e6


def append() -> float:
    async def work():
        spool = Spool(Path("/nonexistent/r.sock"), "w0", limit=COUNT + 1)
        return micros(lambda: [spool.append(EVENT) for _ in range(COUNT)])

    return asyncio.run(work())


def frame() -> float:
    events = [EVENT] * GROUP
    return micros(lambda: [encode_batches("w0", 1, events) for _ in range(COUNT // GROUP)])


def decode() -> float:
    [(_, data)] = encode_batches("w0", 1, [EVENT] * GROUP)
    reader = FrameReader()
    return micros(lambda: [list(reader.feed(data)) for _ in range(COUNT // GROUP)])


def ledger(folder: Path) -> float:
    with ChainLedger(folder) as one:
        batch = [Entry("w0", n, EVENT) for n in range(GROUP)]
        return micros(lambda: [one.append(batch) for _ in range(COUNT // GROUP)])


def check(folder: Path) -> float:
    with ChainLedger(folder) as one:
        for _ in range(COUNT // GROUP):
            one.append([Entry("w0", n, EVENT) for n in range(GROUP)])
    return micros(lambda: verify(folder))


async def durable(socket: Path) -> tuple[float, float]:
    """Events a second into the files, and the milliseconds a single durable event waits."""
    spool = Spool(socket, "w0")
    await spool.durable(EVENT, within=10)
    waits = []
    for _ in range(50):
        start = time.perf_counter()
        await spool.durable(EVENT)
        waits.append(time.perf_counter() - start)
    start = time.perf_counter()
    for n in range(COUNT):
        spool.append(EVENT)
        if n % GROUP == 0:
            await asyncio.sleep(0)
    await spool.close(within=30)
    return COUNT / (time.perf_counter() - start), statistics.median(waits) * 1e3


def main() -> None:
    rows: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        process = multiprocessing.Process(target=run, args=(home / "live", home / "run" / "r.sock"))
        process.start()
        for turn in range(RUNS):
            rate, wait = asyncio.run(durable(home / "run" / "r.sock"))
            found = {
                "worker: append, us": append(),
                "worker: frame, us": frame(),
                "recorder: decode, us": decode(),
                "recorder: ledger, us (chain, write, 1 fsync per 256)": ledger(home / f"l{turn}"),
                "verify, us": check(home / f"v{turn}"),
                "one durable event waits, ms": wait,
                "durable events a second, 2 processes": rate,
            }
            for label, value in found.items():
                rows.setdefault(label, []).append(value)
        process.terminate()
        process.join()
    assert process.exitcode in (0, -signal.SIGTERM)
    for label, values in rows.items():
        print(f"{label:<56}{statistics.median(values):>12,.2f}")


if __name__ == "__main__":
    main()
