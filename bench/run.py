"""The run: start everything, check that each subject decides rightly, then measure in rounds.

In each round every subject meets the same load for the same time, one after the other, in an order
that turns; medians are taken over the rounds. The subject's worker has a core of its own where
there are two, and everything else (load, upstream, yett's recorder) shares the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.contract import BAD_BODY, BAD_TARGET, BODY, TARGET, Keys, head, make_keys
from bench.process import busiest, cpu_seconds, pin, resident_kilobytes
from bench.report import Row, write_report
from bench.subjects import ROOT, Subject, available, start_upstream

SCENARIOS = ("GET", "POST")
CONNECTIONS = 32


@dataclass
class Standing:
    """A subject that runs: where it listens, and what was measured of it so far."""

    subject: Subject
    port: int
    pid: int
    rates: dict[str, list[float]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark and write `bench/RESULTS.md`."""
    options = _options(arguments)
    began = time.monotonic()
    pinned = not options.no_pin and len(os.sched_getaffinity(0)) > 1
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as name, contextlib.ExitStack() as stack:
        folder, keys = Path(name), make_keys()
        upstream, upstream_name = stack.enter_context(start_upstream(folder))
        standings = []
        for subject in available(set(filter(None, options.only.split(",")))):
            port, pid = stack.enter_context(subject.start(folder, keys, upstream))
            standing = Standing(subject, port, pid)
            check(standing, keys)
            standings.append(standing)
        load = Load(folder, usual_requests(keys), use_wrk=not options.no_wrk)
        warm_and_pin(standings, load, pinned=pinned)
        measure(standings, load, options)
        say(f"took {time.monotonic() - began:.0f} s")
        out = Path(options.out)
        write_report(
            out,
            rows=[(s.subject, s.rows) for s in standings],
            facts={"upstream": upstream_name, "load": load.name, "rounds": options.rounds,
                   "seconds": options.seconds, "connections": CONNECTIONS,
                   "pinned": pinned},
            command="python3 dev.py bench" + "".join(f" {a}" for a in arguments or sys.argv[1:]),
        )  # fmt: skip
    print(out.read_text())


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--only", default="", help="comma-separated, such as `yett,envoy`")
    parser.add_argument("--no-wrk", action="store_true", help="use the bundled loader throughout")
    parser.add_argument("--no-pin", action="store_true", help="leave placing to the kernel")
    parser.add_argument("--out", default=str(ROOT / "bench" / "RESULTS.md"))
    return parser.parse_args(arguments)


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


def usual_requests(keys: Keys) -> dict[str, list[str]]:
    """The requests of each scenario, one for each caller."""
    targets = {"GET": (TARGET, b""), "POST": ("/v1/bookings", BODY)}
    return {
        method: [head(method, target, token, body).decode("latin-1") for token in keys.tokens]
        for method, (target, body) in targets.items()
    }


class Load:
    """The two generators: wrk (or the bundled loader) to saturation, the loader at a fixed rate.

    `requests` holds for each scenario the raw requests that are sent in turn.
    """

    def __init__(self, folder: Path, requests: dict[str, list[str]], *, use_wrk: bool) -> None:
        self.folder = folder
        self.wrk = shutil.which("wrk") if use_wrk else None
        self.name = "wrk" if self.wrk else "bench/loader.py"
        for scenario, texts in requests.items():
            (folder / f"{scenario}.json").write_text(json.dumps(texts))
            (folder / f"{scenario}.lua").write_text(_lua(texts))

    def saturate(self, port: int, scenario: str, seconds: float) -> Row:
        """Send as fast as answers come."""
        if not self.wrk:
            return self._loader(port, scenario, seconds, 0)
        command = [self.wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--latency"]
        command += ["-s", str(self.folder / f"{scenario}.lua"), f"http://127.0.0.1:{port}/"]
        text = _run(command)
        lost = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", text)))
        return Row(
            rate=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
            p50=_milliseconds(_found(r"\n\s+50%\s+(\S+)", text)),
            p99=_milliseconds(_found(r"\n\s+99%\s+(\S+)", text)),
            bad=lost,
        )

    def steady(self, port: int, scenario: str, seconds: float, rate: float) -> Row:
        """Send `rate` requests a second and count from when each was due."""
        return self._loader(port, scenario, seconds, rate)

    def _loader(self, port: int, scenario: str, seconds: float, rate: float) -> Row:
        command = [sys.executable, "-m", "bench.loader", str(port)]
        command += [str(self.folder / f"{scenario}.json"), "--rate", str(rate)]
        command += ["--seconds", str(seconds), "--connections", str(CONNECTIONS)]
        found = json.loads(_run(command))
        bad = found["bad"] + found["lost"] + found["unsent"]
        return Row(rate=found["rate"], p50=found.get("p50", 0), p99=found.get("p99", 0), bad=bad)


def _run(command: list[str]) -> str:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{command[:3]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"wrk said something unexpected:\n{text}")
    return match[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def _lua(requests: list[str]) -> str:
    # wrk writes what `request` returns; each caller's request in turn.
    quoted = ",\n".join(json.dumps(text) for text in requests)
    return (
        f"local all = {{\n{quoted}\n}}\nlocal n = 0\n"
        "request = function() n = n % #all + 1 return all[n] end\n"
    )


def check(standing: Standing, keys: Keys) -> None:
    """Correctness first: 200 for the good requests, the right refusal for each bad one."""
    name, good = standing.subject.name, keys.tokens[0]
    expect(standing, "GET", TARGET, good, b"", {200})
    expect(standing, "POST", "/v1/bookings", good, BODY, {200})
    if "token" in standing.subject.refuses:
        for token in (keys.forged, "x.y.z", ""):
            expect(standing, "GET", TARGET, token, b"", {401})
            expect(standing, "POST", "/v1/bookings", token, BODY, {401})
    if "parameter" in standing.subject.refuses:
        expect(standing, "GET", BAD_TARGET, good, b"", {400, 422})
        expect(standing, "GET", TARGET + "&unknown=1", good, b"", {400, 422})
    if "body" in standing.subject.refuses:
        expect(standing, "POST", "/v1/bookings", good, BAD_BODY, {400, 422})
    say(f"{name} decides as it should")


def expect(
    standing: Standing, method: str, target: str, token: str, body: bytes, wanted: set[int]
) -> None:
    """Send one request and stop the benchmark when the answer is not of `wanted`."""
    connection = http.client.HTTPConnection("127.0.0.1", standing.port, timeout=10)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if body:
        headers["content-type"] = "application/json"
    connection.request(method, target, body or None, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status not in wanted:
        raise SystemExit(
            f"{standing.subject.name} answered {answer.status} to {method} {target[:60]},"
            f" not {sorted(wanted)}: {said[:300]!r}"
        )


def warm_and_pin(standings: list[Standing], load: Load, *, pinned: bool) -> None:
    """Let each subject meet both scenarios once, then give its worker a core of its own."""
    for standing in standings:
        for scenario in SCENARIOS:
            load.saturate(standing.port, scenario, 1)
    cores = sorted(os.sched_getaffinity(0))
    if not pinned:
        return
    os.sched_setaffinity(0, set(cores[1:]))  # the generators inherit it
    for standing in standings:
        pin(busiest(standing.pid), {cores[0]})


def measure(standings: list[Standing], load: Load, options: argparse.Namespace) -> None:
    """Measure saturation, then latency at half of the slowest peer's and of the own rate."""
    for scenario in SCENARIOS:
        full: dict[str, list[Row]] = {s.subject.name: [] for s in standings}
        for number in range(options.rounds):
            for standing in _turned(standings, number):
                before, begin = cpu_seconds(standing.pid), time.monotonic()
                row = load.saturate(standing.port, scenario, options.seconds)
                lasted = time.monotonic() - begin
                used = cpu_seconds(standing.pid) - before
                row.cpu = used / max(1, row.rate * lasted) * 1e6
                full[standing.subject.name].append(row)
                say(f"{scenario} round {number + 1} {standing.subject.name}: {row}")
        for standing in standings:
            standing.rows[scenario] = _median(full[standing.subject.name])
        _measure_half(standings, load, scenario, options)
    for standing in standings:
        for row in standing.rows.values():
            row.kilobytes = resident_kilobytes(standing.pid)


def _measure_half(
    standings: list[Standing], load: Load, scenario: str, options: argparse.Namespace
) -> None:
    half: dict[str, list[Row]] = {s.subject.name: [] for s in standings}
    for number in range(options.rounds):
        for standing in _turned(standings, number):
            rate = standing.rows[scenario].rate / 2
            row = load.steady(standing.port, scenario, options.seconds, rate)
            half[standing.subject.name].append(row)
            say(f"{scenario} half load {number + 1} {standing.subject.name}: {row}")
    for standing in standings:
        found = _median(half[standing.subject.name])
        row = standing.rows[scenario]
        row.half_rate, row.half_p50, row.half_p99 = found.rate, found.p50, found.p99
        row.bad += found.bad


def _turned(standings: list[Standing], number: int) -> list[Standing]:
    at = number % len(standings)
    return standings[at:] + standings[:at]


def _median(rows: list[Row]) -> Row:
    return Row(
        rate=statistics.median(r.rate for r in rows),
        p50=statistics.median(r.p50 for r in rows),
        p99=statistics.median(r.p99 for r in rows),
        cpu=statistics.median(r.cpu for r in rows),
        bad=sum(r.bad for r in rows),
        low=min(r.rate for r in rows),
        high=max(r.rate for r in rows),
    )
