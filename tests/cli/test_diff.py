"""`yett diff`: text, JSON and SARIF, and exit codes that a pipeline can use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from kit.pairs import POLICIES, write_contract

from yett.cli.__main__ import main
from yett.cli.diff import _busy

WIDER = POLICIES.replace('["open", "held"].contains(resource.status)', "true")


@pytest.fixture
def run(tmp_path):
    def diff(*options, old=None, new=None):
        one = write_contract(tmp_path / "a", **(old or {}))
        two = write_contract(tmp_path / "b", **(new or {}))
        return CliRunner().invoke(main, ["diff", str(one), str(two), *options])

    return diff


def test_nothing_wider(run):
    """Exit code 0, and the word that it is proved."""
    found = run()
    assert (found.exit_code, found.output) == (
        0,
        "nothing newly allowed (proved: no rule changed)\n",
    )
    narrower = run(new={"policies": POLICIES.replace('["open", "held"]', '["open"]')})
    assert narrower.exit_code == 0
    assert "no longer allowed for user with role `staff`" in narrower.output
    assert "nothing newly allowed (proved: " in narrower.output


def test_something_wider(run):
    """Exit code 1, who gains, where, and a request."""
    found = run(new={"policies": WIDER})
    assert found.exit_code == 1
    assert "shop.cedar:6: error access-gained: `getBooking` is newly allowed" in found.output
    assert 'such as User::"alice" with role "staff" {tenant: "tenant-1"} on ' in found.output
    assert found.output.endswith("newly allowed, or not proved not to be: `getBooking`\n")


def test_a_flood_is_bounded_and_counted(run, monkeypatch):
    """What is not shown is counted and can be had; the exit code is that of all of it."""
    monkeypatch.setattr("yett.cli.diff.MAX_SHOWN", 1)
    more = '@id("all") permit(principal in Role::"staff", action, resource);'
    found = run(new={"policies": POLICIES + more})
    assert found.exit_code == 1
    assert found.output.count("error access-gained") == 1
    assert "of them are not shown; `--format json` has them all" in found.output


def test_work_goes_on_where_somebody_looks(monkeypatch, capsys):
    """On a terminal it says what takes so long, and nothing of it stands on standard output."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with _busy(1223):
        pass
    assert capsys.readouterr().out == ""


def test_programs(run):
    """JSON has the requests; SARIF has the rules with their pages."""
    data = json.loads(run("--format", "json", new={"policies": WIDER}).output)
    assert data["proved"] is False
    assert {change["action"] for change in data["changes"]} == {"getBooking"}
    assert data["changes"][0]["case"]["entities"]
    log = json.loads(run("--format", "sarif", new={"policies": WIDER}).output)
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["helpUri"] == "https://yett.dev/reference/diff#access-gained"
    assert rule["shortDescription"]["text"]


def test_a_contract_that_cannot_be_used(run, tmp_path):
    """Exit code 2, and the mistake with its place."""
    found = run(new={"policies": "permit(principal"})
    assert found.exit_code == 2
    assert "shop.cedar:1: error" in found.output
    missing = CliRunner().invoke(main, ["diff", str(tmp_path / "nowhere"), str(tmp_path)])
    assert missing.exit_code == 2
    assert "neither a folder nor a revision" in missing.output


def test_the_solver_is_not_needed_to_start():
    """`yett diff --help` and `yett check` import no solver."""
    code = "import sys, yett.cli.diff, yett.cli.check; sys.exit('z3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
