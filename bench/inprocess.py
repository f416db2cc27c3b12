"""Where the gate's time goes: one worker's Python, without sockets, part by part.

The requests of the load benchmark are handed to a real `Connection`, the upstream's answer to a
real `Link`; only the two transports are stand-ins, so what is missing against `bench/RESULTS.md` is
the event loop and the kernel. Microseconds of CPU a request, best of five: `python -m
bench.inprocess`, or with rules on records and fields `python -m bench.inprocess fields` (or another
row of `bench.guarded_contract.ROWS`).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.contract import BODY, TARGET, Keys, head, make_keys, write_contract
from bench.guarded_contract import (
    CHANGE,
    DEPOT,
    MANY,
    NEW,
    ONES,
    answers,
    new_booking,
    write_guarded,
)
from yett.contract.load import load
from yett.engine import build
from yett.gate.call import Call
from yett.gate.collecting import Collecting
from yett.gate.edge import Gate
from yett.policy.compile import compile_policy
from yett.state.memory import MemoryView
from yett.wire.http1 import RequestReader
from yett.wire.link import Link

ROUNDS = 5
REQUESTS = 2_000
ANSWER_HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n"
)
# Label, class and method; a part contains those that are indented below it.
PARTS: tuple[tuple[str, type, str], ...] = (
    ("read the head", RequestReader, "next_head"),
    ("decide, answer its question, forward", Call, "begin"),
    ("  forward", Call, "forward"),
    ("read a record, decide on it, forward", Call, "_told"),
    ("answer: relay, write, record", Call, "upstream_head"),
    ("  decide on it, leave out", Collecting, "_decide"),
    ("  write the head", Call, "write_head"),
    ("  build and hand over the event", Call, "settle"),
)


class Transport:
    """A socket that takes everything and says nothing."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 5) if name == "peername" else default

    def write(self, data: bytes) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None) -> None:
        pass

    def nothing(self) -> None:
        pass

    abort = close = write_eof = pause_reading = resume_reading = nothing


class Sink:
    """Takes events and forgets them."""

    full = False

    def append(self, event: Any) -> None:
        self.last = event


async def main(rules: str) -> None:
    keys = make_keys()
    with tempfile.TemporaryDirectory() as name:
        if rules:
            write_guarded(Path(name), keys, 9, 0, rules)
        else:
            write_contract(Path(name), keys, 9, 0)
        contract = load(Path(name))
        view = MemoryView.from_config(contract.config, Path(name))
        await view.start()
    sink = Sink()
    gate = Gate(build(compile_policy(contract)), view, sink, view.fetch_keys)
    connection = gate.protocol()
    connection.connection_made(Transport())
    (pool,) = gate.current.pools.values()
    link = Link(pool)
    link.connection_made(Transport())
    pool._links.add(link)  # noqa: SLF001 — a link that did not have to be connected
    pool._idle.append(link)  # noqa: SLF001 — as above
    for name, (raws, body) in (guarded(keys) if rules else plain(keys)).items():
        answer = ANSWER_HEAD % len(body) + body

        def serve(raws: list[bytes] = raws, answer: bytes = answer) -> float:
            began = time.process_time()
            for number in range(REQUESTS):
                connection.data_received(raws[number % len(raws)])
                while link.errand is not None:  # a write that is guarded reads first
                    link.data_received(answer)
            return (time.process_time() - began) / REQUESTS * 1e6

        serve()
        assert (sink.last.status, sink.last.verdict) == (200, "allow"), sink.last
        print(f"{name}: {min(serve() for _ in range(ROUNDS)):.1f} us a request")
        for label, owner, part in PARTS:
            print(f"  {label:40}{measure(owner, part, serve):6.1f}")
    gate.abort()


def plain(keys: Keys) -> dict[str, tuple[list[bytes], bytes]]:
    """The requests of `bench.contract`, and the answer to each."""
    asked = {"GET": ("GET", TARGET, b""), "POST": ("POST", "/v1/bookings", BODY)}
    return {
        name: ([head(method, target, token, body) for token in keys.tokens], b"x" * 27)
        for name, (method, target, body) in asked.items()
    }


def guarded(keys: Keys) -> dict[str, tuple[list[bytes], bytes]]:
    """The same of `bench.guarded_contract`; each caller asks for the same booking."""
    one, told = ONES[17], answers()
    asked = {
        "BIND": ("GET", DEPOT, b""),
        "GET": ("GET", one, b""),
        "LIST": ("GET", MANY, b""),
        "POST": ("POST", NEW, new_booking(0)),
        "PATCH": ("PATCH", one, CHANGE),
    }
    return {
        name: ([head(method, target, token, body) for token in keys.tokens], told[target])
        for name, (method, target, body) in asked.items()
    }


def measure(owner: type, part: str, serve: Callable[[], float]) -> float:
    """Run with one method timed: its own calls, about 0.5 us of clock reading included."""
    original, spent = getattr(owner, part), [0.0]

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.process_time()
        try:
            return original(*args, **kwargs)
        finally:
            spent[0] += time.process_time() - began

    setattr(owner, part, timed)
    try:
        best = []
        for _ in range(ROUNDS):
            spent[0] = 0.0
            serve()
            best.append(spent[0] / REQUESTS * 1e6)
        return min(best)
    finally:
        setattr(owner, part, original)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else ""))
