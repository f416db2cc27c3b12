"""What is left afterwards: the portal's own log, the ledger, and what both say together.

The ledger is asked with yett's own commands, as an operator would. The portal's access log is the
witness that does not belong to the gate.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from msgspec import Struct

from yett.cli.demo.stage import Stage, run_yett

WAIT_SECONDS = 5.0
POLL_SECONDS = 0.05
MOST_RECORDS = "1000"


class Evidence(Struct, frozen=True, kw_only=True):
    """What was found.

    Args:
        arrivals: requests in the access log of the portal behind the gate.
        records: records of requests in the ledger.
        verified: whether the chain is whole.
        why: request id -> why it was refused, as operators read it.
        report: what `yett audit verify` printed.
    """

    arrivals: int
    records: int
    verified: bool
    why: dict[str, str]
    report: str


def gather(stage: Stage, expected: int) -> Evidence:
    """Ask the portal's log and the ledger; waits until the writer has written what was sent.

    Args:
        stage: where everything runs.
        expected: how many requests went to the gate.
    """
    until = time.monotonic() + WAIT_SECONDS
    while len(records := _read_records(stage)) < expected and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    verdict = run_yett(stage.contract, "audit", "verify")
    return Evidence(
        arrivals=count_arrivals(stage.arrivals),
        records=len(records),
        verified=verdict.returncode == 0,
        why={r["request"]: (r.get("why") or [r.get("note", "")])[0] for r in records},
        report=verdict.stdout or verdict.stderr,
    )


def count_arrivals(log: Path) -> int:
    """Count requests in uvicorn's access log."""
    return sum('"' in line and " HTTP/1." in line for line in log.read_text().splitlines())


def show(stage: Stage, request: str) -> str:
    """Show the record of one request."""
    return run_yett(stage.contract, "audit", "show", request).stdout


def _read_records(stage: Stage) -> list[dict[str, Any]]:
    found = run_yett(
        stage.contract,
        *("audit", "search", "--kind", "request", "--limit", MOST_RECORDS, "--format", "json"),
    )
    lines = (line for line in found.stdout.splitlines() if line.startswith("{"))
    return [json.loads(line)["event"] for line in lines]
