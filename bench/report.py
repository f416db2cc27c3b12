"""Writes `bench/RESULTS.md`: the machine, the method, the table, the ratios."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from bench.contract import BODY, CALLERS
from bench.subjects import Subject, envoy_binary

# The section of `bench.guarded` begins here; it is made by a run of its own.
GUARDED = "## With rules on records, fields and states"


@dataclass
class Row:
    """What was measured: requests a second, milliseconds, microseconds of CPU, kilobytes."""

    rate: float
    p50: float
    p99: float
    bad: int = 0
    cpu: float = 0
    low: float = 0
    high: float = 0
    half_rate: float = 0
    half_p50: float = 0
    half_p99: float = 0
    kilobytes: int = 0


def write_report(
    out: Path, *, rows: list[tuple[Subject, dict[str, Row]]], facts: dict[str, object], command: str
) -> None:
    """Write the page; `rows` in the order of the table."""
    made = (
        f"Made by `{command.strip()}` on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC."
        " Trust the ratios, not the absolutes."
    )
    parts = ["# The load figures", made, _machine(), _method(rows, facts)]
    for scenario in ("GET", "POST"):
        parts += [f"## {scenario}", _table(scenario, rows), _ratios(scenario, rows)]
    kept = out.read_text(encoding="utf-8") if out.exists() else ""
    _, marked, section = kept.partition(GUARDED)
    out.write_text(
        "\n\n".join(filter(None, parts)) + "\n" + ("\n" if marked else "") + marked + section
    )


def write_section(out: Path, section: str) -> None:
    """Put the figures of `bench.guarded` below the others, in the place of older ones."""
    kept = out.read_text(encoding="utf-8") if out.exists() else ""
    before = kept.partition(GUARDED)[0].rstrip()
    out.write_text(f"{before}\n\n{GUARDED}\n\n{section.strip()}\n".lstrip())


def machine() -> str:
    """Say where and with what was measured."""
    return _machine()


def _table(scenario: str, rows: list[tuple[Subject, dict[str, Row]]]) -> str:
    envoy = _rate(scenario, rows, "Envoy")
    columns = (
        "",
        "requests/s (lowest to highest)",
        "to Envoy",
        "p50",
        "p99",
        "p99 at half load",
        "CPU per request",
        "memory",
        "failed or unsent",
    )
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for subject, found in rows:
        row = found[scenario]
        ratio = f"{row.rate / envoy:.2f}" if envoy else "-"
        lines.append(
            f"| {subject.name} | **{row.rate:,.0f}** ({row.low:,.0f} to {row.high:,.0f}) | {ratio}"
            f" | {row.p50:.2f} ms | {row.p99:.2f} ms"
            f" | {row.half_p99:.2f} ms at {row.half_rate:,.0f}/s | {row.cpu:.0f} µs"
            f" | {row.kilobytes / 1024:.0f} MB | {row.bad} |"
        )
    return "\n".join(lines)


def _ratios(scenario: str, rows: list[tuple[Subject, dict[str, Row]]]) -> str:
    mine = _rate(scenario, rows, "yett")
    said = [
        f"{mine / other:.2f} times {name.replace(', ', ' with ')}"
        for name in ("Envoy", "Envoy, cache", "FastAPI", "FastAPI, itself", "nginx")
        if mine and (other := _rate(scenario, rows, name))
    ]
    return f"yett is at {', '.join(said)}." if said else ""


def _rate(scenario: str, rows: list[tuple[Subject, dict[str, Row]]], name: str) -> float:
    return next((found[scenario].rate for subject, found in rows if subject.name == name), 0)


def _method(rows: list[tuple[Subject, dict[str, Row]]], facts: dict[str, object]) -> str:
    placed = (
        "The subject's worker has the first core to itself; load, upstream and yett's recorder"
        " share the rest."
        if facts["pinned"]
        else "The kernel places all processes."
    )
    run = (
        f"One worker each, the same upstream ({facts['upstream']}), {facts['rounds']} interleaved"
        f" rounds of {facts['seconds']:g} s, medians. {placed} Load: {facts['load']}, a process of"
        f" its own, {facts['connections']} connections, {CALLERS} callers with a token each. Before"
        " anything is measured each subject must answer 200 to the good requests and refuse the"
        " bad ones it can tell. Half load: each at half of its own median rate, on a fixed"
        " schedule, latency counted from when a request was due (bench/loader.py). CPU per request"
        " is user and system time of all processes of the subject, with yett's supervisor and"
        " recorder."
    )
    asked = (
        "GET: two path and four query parameters, one of them free text. POST:"
        f" {len(BODY)} bytes of JSON with nested objects, six items and free text."
    )
    lines = [run, "", asked, ""]
    lines += [f"- **{subject.name}**: {subject.checks}" for subject, _ in rows]
    return "\n".join(lines)


def _machine() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.+)", info)
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    versions = [f"Python {platform.python_version()} ({_build()})"]
    for name in ("uvloop", "httptools", "uvicorn", "fastapi", "pydantic", "pyjwt", "slowapi"):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    versions += filter(
        None,
        [
            _said([envoy_binary(), "--version"], r"version: \w+/([\d.]+)", "Envoy"),
            _said(["nginx", "-v"], r"nginx/([\d.]+)", "nginx"),
            _said(["wrk", "-v"], r"wrk (?:debian/)?([\d.]+)", "wrk"),
        ],
    )
    return (
        f"Machine: {model[1] if model else platform.processor()}, {os.cpu_count()} cores,"
        f" {int(memory[1]) // 1024 if memory else 0} MB, {platform.system()} {platform.release()}."
        f" {', '.join(versions)}."
    )


def _build() -> str:
    """How the interpreter was built: without PGO it takes about a sixth longer, here and there."""
    flags = f"{sysconfig.get_config_var('CONFIG_ARGS')} {sysconfig.get_config_var('PY_CFLAGS')}"
    tuned = "--enable-optimizations" in flags or "-fprofile-use" in flags or _is_debian()
    return "built with PGO" if tuned else "built without PGO"


def _is_debian() -> bool:
    # Debian runs its profile outside of configure; its flags do not say so.
    return sysconfig.get_config_var("prefix") == "/usr"


def _said(command: list[str], pattern: str, name: str) -> str:
    if not command[0] or not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, done.stdout + done.stderr)
    return f"{name} {found[1]}" if found else name
