from __future__ import annotations

import subprocess
from pathlib import Path

from yett.cli.demo import evidence
from yett.cli.demo.stage import Stage

STAGE = Stage(contract=Path(), gate=0, portal=0, alone=0, arrivals=Path(), people={})


def test_arrivals_are_the_lines_of_the_access_log(tmp_path):
    """Only requests are counted, not what else the server logs."""
    log = tmp_path / "portal.log"
    log.write_text(
        "INFO:     Started server process [1]\n"
        'INFO:     127.0.0.1:1 - "GET /me HTTP/1.1" 200 OK\n'
        'INFO:     127.0.0.1:2 - "POST /bookings HTTP/1.1" 201 Created\n'
        'WARNING:  Invalid HTTP request received.\n  File "x.py", line 3\n'
    )
    assert evidence.count_arrivals(log) == 2


def test_gather_waits_for_the_writer(tmp_path, monkeypatch):
    """Records are counted until all are there; the chain is verified after that."""
    counts = iter([0, 1, 2])
    calls = []

    def run(_contract, *arguments):
        calls.append(arguments[1])
        line = '{"event": {"request": "r1", "note": "why not", "why": ["a clause"]}}\n'
        lines = line * next(counts) if arguments[1] == "search" else "whole\n"
        return subprocess.CompletedProcess(arguments, 0, lines, "")

    monkeypatch.setattr(evidence, "run_yett", run)
    log = tmp_path / "log"
    log.touch()
    stage = Stage(contract=tmp_path, gate=0, portal=0, alone=0, arrivals=log, people={})
    found = evidence.gather(stage, expected=2)
    assert calls == ["search", "search", "search", "verify"]
    assert (found.records, found.verified, found.report) == (2, True, "whole\n")
    assert found.why == {"r1": "a clause"}


def test_a_broken_chain_is_reported(tmp_path, monkeypatch):
    """What `yett audit verify` says when it fails is kept."""

    def run(_contract, *arguments):
        code = 1 if arguments[1] == "verify" else 0
        return subprocess.CompletedProcess(arguments, code, "", "record 3 is wrong")

    monkeypatch.setattr(evidence, "run_yett", run)
    log = tmp_path / "log"
    log.touch()
    stage = Stage(contract=tmp_path, gate=0, portal=0, alone=0, arrivals=log, people={})
    found = evidence.gather(stage, expected=0)
    assert (found.verified, found.report) == (False, "record 3 is wrong")
