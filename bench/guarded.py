"""The gate with Cedar, answer checks and field rules on, beside the same without.

`python3 dev.py bench guarded`: four gates with one worker each before one service, and Envoy where
there is one; the same load to saturation by turns, medians; each must first answer as its rules
say. Writes its section of `bench/RESULTS.md`. `--rounds 4` takes 6 minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import http.client
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.contract import Keys, make_keys
from bench.guarded_contract import (
    CHANGE,
    DEPOT,
    MANY,
    NEW,
    ONES,
    ROWS,
    answers,
    guarded_requests,
    new_booking,
    write_guarded,
)
from bench.process import busiest, cpu_seconds, free_port, pin, running
from bench.report import Row, machine, write_section
from bench.run import CONNECTIONS, Load, say
from bench.subjects import NGINX_HEAD, ROOT, envoy_binary, start_envoy

ENVOY = "Envoy"
ENVOY_SAYS = (
    "jwt_authn and local_ratelimit as in the tables above; no scopes, parameters, bodies, records"
)
SCENARIOS = {
    "BIND": "a depot, allowed by its id",
    "GET": "one booking of 12 fields",
    "LIST": "20 bookings, 10 of them another team's",
    "POST": "a new booking of 7 fields",
    "PATCH": "a change of one booking, each caller one of their own",
}


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark and write its section."""
    options = _options(arguments)
    pinned = not options.no_pin and len(os.sched_getaffinity(0)) > 1
    with tempfile.TemporaryDirectory(prefix="yett-bench-") as name, contextlib.ExitStack() as stack:
        folder, keys = Path(name), make_keys()
        upstream, service = stack.enter_context(start_service(folder))
        gates = {
            rules: stack.enter_context(start_gate(folder / rules, keys, upstream, rules))
            for rules in ROWS
        }
        for rules, (port, _) in gates.items():
            check(rules, port, keys)
        if envoy_binary():
            gates[ENVOY] = stack.enter_context(start_envoy(folder, keys, upstream))
            for method, target, body in (("GET", ONES[17], b""), ("PATCH", ONES[17], CHANGE)):
                _ask(gates[ENVOY][0], method, target, keys.tokens[0], body)
        load = Load(folder, guarded_requests(keys), use_wrk=not options.no_wrk)
        warm(gates, load, options, pinned=pinned)
        found = measure(gates, load, options)
    text = _section(found, options, load.name, service, pinned=pinned)
    write_section(Path(options.out), text)
    print(text)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench guarded", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--only", default="", help="comma-separated, of " + ", ".join(SCENARIOS))
    parser.add_argument("--no-wrk", action="store_true", help="use the bundled loader throughout")
    parser.add_argument("--no-pin", action="store_true", help="leave placing to the kernel")
    parser.add_argument("--out", default=str(ROOT / "bench" / "RESULTS.md"))
    options = parser.parse_args(arguments)
    options.only = [name for name in SCENARIOS if not options.only or name in options.only]
    return options


@contextlib.contextmanager
def start_service(folder: Path) -> Iterator[tuple[int, str]]:
    """Run nginx where there is one, else the bundled responder; yield its port and its name."""
    port, told = free_port(), answers()
    if nginx := shutil.which("nginx"):
        places = "".join(f"location = {path} {{ {_said(body)} }} " for path, body in told.items())
        config = folder / "service.conf"
        config.write_text(
            NGINX_HEAD.format(folder=folder, name="service")
            + f"server {{ listen 127.0.0.1:{port} backlog=4096;"
            f" default_type application/json; {places}}} }}\n"
        )
        command, name = [nginx, "-c", str(config), "-e", str(folder / "service.err")], "nginx"
    else:
        pairs = []
        for number, (path, body) in enumerate(told.items()):
            file = folder / f"answer-{number}.json"
            file.write_bytes(body)
            pairs.append(f"{path}={file}")
        command = [sys.executable, "-m", "bench.upstream", str(port), *pairs]
        name = "bench/upstream.py"
    with running(command, folder / "service.log", port, {"PYTHONPATH": str(ROOT)}):
        yield port, name


def _said(body: bytes) -> str:
    """Write a body for nginx, whose parameters are shorter than 4096 bytes."""
    text = body.decode().replace("\\", "\\\\").replace("'", "\\'")
    pieces = [text[at : at + 3000] for at in range(0, len(text), 3000)]
    sets = "".join(f"set $p{at} '{piece}'; " for at, piece in enumerate(pieces))
    return sets + 'return 200 "' + "".join(f"$p{at}" for at in range(len(pieces))) + '";'


@contextlib.contextmanager
def start_gate(folder: Path, keys: Keys, upstream: int, rules: str) -> Iterator[tuple[int, int]]:
    """Run `yett serve` with some of the rules; yield port and process id."""
    port = free_port()
    write_guarded(folder, keys, upstream, port, rules)
    command = [str(Path(sys.executable).with_name("yett")), "serve", "-C", str(folder)]
    with running(command, folder.with_suffix(".log"), port) as pid:
        yield port, pid


def check(rules: str, port: int, keys: Keys) -> None:
    """Correctness first: each gate must show what its rules let through, and no more."""
    token = keys.tokens[0]
    one = _ask(port, "GET", ONES[17], token)
    many = _ask(port, "GET", MANY, token)
    changed = _ask(port, "PATCH", ONES[17], token, CHANGE)
    made = _ask(port, "POST", NEW, token, new_booking(0))
    assert _ask(port, "GET", DEPOT, token)["id"] == "d7", rules
    wanted = {
        "scopes": (True, True, 20),
        "declared": (False, True, 20),
        "records": (False, True, 10),
        "fields": (False, False, 10),
    }[rules]
    for shown in (one, changed, made):
        assert ("internal_score" in shown, "margin" in shown) == wanted[:2], (rules, shown)
        assert "phone" in shown, (rules, shown)
    assert len(many["items"]) == wanted[2], (rules, many)
    assert many["total"] == wanted[2], (rules, many)
    assert _status(port, "GET", ONES[17], "x.y.z") == 401, rules
    if rules in {"records", "fields"}:
        assert _status(port, "GET", DEPOT[:-1] + "8", token) == 404, rules
        stranger = (
            new_booking(0).replace(b'"bench"', b'"other"').replace(b"customer-0", b"customer-1")
        )
        assert _send(port, "POST", NEW, token, stranger)[0] == 403, rules
    say(f"{rules} decides as it should")


def _ask(port: int, method: str, target: str, token: str, body: bytes = b"") -> dict[str, object]:
    status, text = _send(port, method, target, token, body)
    if status != 200:
        raise SystemExit(f"{method} {target} was answered with {status}: {text[:300]!r}")
    return dict(json.loads(text))


def _status(port: int, method: str, target: str, token: str) -> int:
    return _send(port, method, target, token, b"")[0]


def _send(port: int, method: str, target: str, token: str, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"authorization": f"Bearer {token}"}
    if body:
        headers["content-type"] = "application/json"
    connection.request(method, target, body or None, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


def warm(
    gates: dict[str, tuple[int, int]], load: Load, options: argparse.Namespace, *, pinned: bool
) -> None:
    """Let each gate meet each scenario once, then give its worker a core of its own."""
    for port, _ in gates.values():
        for scenario in options.only:
            load.saturate(port, scenario, min(1, options.seconds))
    cores = sorted(os.sched_getaffinity(0))
    if pinned:
        os.sched_setaffinity(0, set(cores[1:]))  # the generator inherits it
        for _, pid in gates.values():
            pin(busiest(pid), {cores[0]})


def measure(
    gates: dict[str, tuple[int, int]], load: Load, options: argparse.Namespace
) -> dict[str, dict[str, Row]]:
    """Measure each scenario in rounds, the gates by turns; medians by scenario and rules."""
    found: dict[str, dict[str, Row]] = {}
    for scenario in options.only:
        rows: dict[str, list[Row]] = {rules: [] for rules in gates}
        for number in range(options.rounds):
            order = list(gates.items())
            order = order[number % len(order) :] + order[: number % len(order)]
            for rules, (port, pid) in order:
                before = cpu_seconds(pid)
                row = load.saturate(port, scenario, options.seconds)
                used = cpu_seconds(pid) - before
                row.cpu = used / max(1, row.rate * options.seconds) * 1e6
                rows[rules].append(row)
                say(f"{scenario} round {number + 1} {rules}: {row.rate:,.0f}/s {row.cpu:.0f} us")
        found[scenario] = {rules: _median(some) for rules, some in rows.items()}
    return found


def _median(rows: list[Row]) -> Row:
    return Row(
        rate=statistics.median(row.rate for row in rows),
        p50=statistics.median(row.p50 for row in rows),
        p99=statistics.median(row.p99 for row in rows),
        cpu=statistics.median(row.cpu for row in rows),
        bad=sum(row.bad for row in rows),
        low=min(row.rate for row in rows),
        high=max(row.rate for row in rows),
    )


def _section(
    found: dict[str, dict[str, Row]],
    options: argparse.Namespace,
    load: str,
    service: str,
    *,
    pinned: bool,
) -> str:
    when = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"
    placed = "the worker under load on a core of its own" if pinned else "placed by the kernel"
    parts = [
        f"Made by `python3 dev.py bench guarded` on {when}. {machine()}",
        (
            f"One worker each, one service ({service}), {options.rounds} rounds of"
            f" {options.seconds:g} s by turns, medians; {load}, {CONNECTIONS} connections, 64"
            f" callers; {placed}. With rules on records a change costs the service two requests"
            " instead of one: its record is read first. CPU is that of the gate alone, with its"
            " recorder, for a request."
        ),
        "\n".join(f"- **{rules}**: {says}" for rules, says in {**ROWS, ENVOY: ENVOY_SAYS}.items()),
    ]
    for scenario, rows in found.items():
        parts += [f"### {scenario}: {SCENARIOS[scenario]}", _table(rows)]
    return "\n\n".join(parts)


def _table(rows: dict[str, Row]) -> str:
    lines = [
        "|  | requests/s (lowest to highest) | to scopes | to Envoy | p50 | p99 | CPU | failed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    base, envoy = rows["scopes"].rate, rows[ENVOY].rate if ENVOY in rows else 0
    for rules, row in rows.items():
        peer = f"{row.rate / envoy:.2f}" if envoy else "-"
        lines.append(
            f"| {rules} | **{row.rate:,.0f}** ({row.low:,.0f} to {row.high:,.0f})"
            f" | {row.rate / base:.2f} | {peer} | {row.p50:.2f} ms | {row.p99:.2f} ms"
            f" | {row.cpu:.0f} µs | {row.bad} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
