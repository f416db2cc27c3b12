"""`yett bench` runs the harness of the checkout, or says where to get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from yett.cli import bench as module


def test_an_installed_copy_says_where_the_harness_is(monkeypatch, tmp_path):
    """Without a checkout the command ends with 2, one line and a hint."""
    monkeypatch.setattr(module, "HARNESS", tmp_path)
    result = CliRunner().invoke(module.bench, [])
    assert result.exit_code == 2
    assert "hint: clone the repository" in result.output
    assert len(result.output.splitlines()) == 2


@pytest.mark.parametrize(("code", "wanted"), [(0, 0), (2, 2), (1, 3), (-9, 3)])
def test_arguments_go_to_the_harness(monkeypatch, code, wanted):
    """Options reach the harness unchanged, and its failure is one of something outside."""
    seen = []

    def run(command, **_):
        seen.append(command)
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(module.subprocess, "run", run)
    result = CliRunner().invoke(module.bench, ["--rounds", "1", "--only", "yett"])
    assert result.exit_code == wanted
    assert seen == [[sys.executable, "-m", "bench", "--rounds", "1", "--only", "yett"]]


def test_the_harness_measures():
    """One short round of yett alone ends with a table and no failed request."""
    root = Path(module.HARNESS)
    out = root / "bench" / "var" / "test.md"
    out.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "bench", "--only", "yett", "--rounds", "1", "--seconds", "1"]
    done = subprocess.run(
        [*command, "--no-wrk", "--no-pin", "--out", str(out)],
        cwd=root, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = out.read_text(encoding="utf-8")
    out.unlink()
    assert "yett decides as it should" in done.stderr
    assert "| yett | **" in page
    assert page.count("| yett |") == 2


def test_the_harness_measures_guarded_calls(tmp_path):
    """One short round of the gates with rules ends with its section, and keeps what stood above."""
    root, out = Path(module.HARNESS), tmp_path / "results.md"
    out.write_text("# The load figures\n\nabove\n")
    command = [sys.executable, "-m", "bench", "guarded", "--rounds", "1", "--seconds", "0.2"]
    command += ["--only", "PATCH"]
    done = subprocess.run(
        [*command, "--no-wrk", "--no-pin", "--out", str(out)],
        cwd=root, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = out.read_text(encoding="utf-8")
    assert page.startswith("# The load figures\n\nabove\n\n## With rules")
    assert done.stderr.count("decides as it should") == 4
    assert page.count("| fields | **") == 1
