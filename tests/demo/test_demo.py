"""The demo itself, as a newcomer runs it: a real gate, a real portal, every row of the tables."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from yett.cli.demo.attacks import ACTS
from yett.cli.demo.holes import HOLES
from yett.cli.demo.visits import VISITS

ATTACKS = [attack for act in ACTS for attack in act.attacks]
COMMAND = [sys.executable, "-m", "yett.cli", "demo", "--no-color"]
# The attacks that a portal without a gate survives by itself; everything else harms it.
HARMLESS_ALONE = 3


@pytest.fixture(scope="module")
def told():
    """One run of `yett demo --exit`, for all tests here."""
    return subprocess.run([*COMMAND, "--exit"], capture_output=True, text=True, check=False)


def test_everything_went_as_it_must(told):
    """Exit code 0: all that is honest passed, all attacks were stopped, the ledger is whole."""
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    assert "GOT IN" not in told.stdout
    assert "FAILED" not in told.stdout


def test_each_row_is_told(told):
    """Each visit, attack and open hole has its line, with the promised reason."""
    for entry in (*VISITS, *ATTACKS, *HOLES):
        assert entry.says in told.stdout
    for attack in ATTACKS:
        assert attack.code in told.stdout


def test_the_portal_alone_comes_to_harm(told):
    """The comparison is honest: nearly every attack works on the portal without a gate."""
    found = re.search(r"came to harm (\d+) times", told.stdout)
    assert int(found[1]) >= sum(attack.twin for attack in ATTACKS) - HARMLESS_ALONE


def test_the_readme_has_the_same_figures(told):
    """What a newcomer reads is what they see: all but the counts that a revocation's wait moves."""
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    wanted = ("ok  honest", "ok  attacks", "the portal without")
    lines = [line for line in told.stdout.splitlines() if line.strip().startswith(wanted)]
    assert len(lines) == len(wanted)
    assert [line for line in lines if line not in readme] == []


def test_holes_that_are_open_are_called_open(told):
    """What record rules will close one day is not claimed today."""
    assert told.stdout.count("\n  open ") == len(HOLES)


def test_the_record_of_an_attack_is_shown(told):
    """Who, what and why stand in the record."""
    assert "yett audit show" in told.stdout
    assert re.search(r"undeclared-path", told.stdout.split("THE RECORD")[1])


def test_nothing_is_left_behind():
    """SIGTERM ends the gate and both portals, and removes the temporary folder."""
    process = subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    try:
        for line in process.stdout:
            if "audit search" in line:
                break
        folder = Path(re.search(r"-C (\S+)", line)[1])
        started = _children(process.pid)
        assert len(started) == 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    finally:
        process.kill()
    assert not folder.exists()
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def _children(parent: int) -> list[str]:
    """Find the processes that the demo started itself: two portals and the gate's supervisor."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if f"PPid:\t{parent}\n" in status.read_text():
                found.append(status.parent.name)
        except OSError:
            continue  # it ended while we looked
    return found
