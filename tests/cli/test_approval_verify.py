"""`yett approval verify`: exit codes and words, with a ledger alone and with the accounts."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner
from kit.voted import ID, OTHER_ID, Voted

from yett.cli.__main__ import main


@pytest.fixture
def voted(tmp_path):
    made = Voted(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def run(voted):
    def go(*words, folder=None):
        place = ["-C", str(folder or voted.folder)]
        return CliRunner().invoke(main, [*place, "approval", "verify", *words])

    return go


def test_good_votes_end_with_0(voted, run):
    """One line each, and how many."""
    voted.write(voted.event(), voted.event(OTHER_ID))
    done = run()
    assert done.exit_code == 0, done.output
    assert [line.split()[2] for line in done.stdout.splitlines()] == ["good", "good"]
    assert done.stderr == "2 good, 0 bad, 0 unsigned\n"
    one = json.loads(run(ID, "--format", "json").stdout)
    assert (one["approval"], one["result"], one["key"]) == (ID, "good", "theirs")


def test_a_bad_vote_ends_with_1(voted, run):
    """Of all that are asked for; another approval's does not count."""
    voted.write(voted.event(), voted.event(OTHER_ID, evidence=voted.evidence()))
    done = run()
    assert done.exit_code == 1
    assert "the challenge is another one" in done.stdout
    assert run(ID).exit_code == 0
    assert run(OTHER_ID).exit_code == 1


def test_unsigned_votes_count_where_all_must_sign(voted, run):
    """`--signed` is for contracts whose `signatures` are `all`."""
    voted.write(voted.event(evidence=""))
    assert run().exit_code == 0
    assert run("--signed").exit_code == 1


def test_a_ledger_alone_is_enough(voted, run, tmp_path_factory):
    """On an auditor's machine: neither contract nor accounts, only who the issuer is."""
    voted.write(voted.event())
    away = tmp_path_factory.mktemp("auditor")
    shutil.copytree(voted.folder / "var/ledger", away / "ledger")
    words = ("--ledger", str(away / "ledger"))
    done = run(*words, "--url", "https://api.example.com/auth", folder=away)
    assert done.exit_code == 0, done.output
    assert "whose keys they are is not asked" in done.stderr
    done = run(*words, folder=away)
    assert (done.exit_code, "--url" in done.stderr) == (2, True)


def test_wrong_input_ends_with_2(voted, run):
    """No ledger, no vote on it, an issuer that is not configured."""
    done = run()
    assert (done.exit_code, "there is no ledger" in done.stderr) == (2, True)
    voted.write(voted.event())
    assert run("0" * 32).exit_code == 2
    assert run("\x1b[31m").exit_code == 2
    (voted.folder / "yett.toml").write_text("")
    done = run()
    assert (done.exit_code, "--url" in done.stderr) == (2, True)


def test_a_store_that_fails_ends_with_3(voted, run):
    """Not a verdict on anybody's vote."""
    voted.write(voted.event())
    voted.store.close()
    (voted.folder / "var/yett.db").write_bytes(b"no database" * 1000)
    for name in ("yett.db-wal", "yett.db-shm"):
        (voted.folder / "var" / name).unlink(missing_ok=True)
    assert run().exit_code == 3


def test_lines_that_are_no_records_are_told(voted, run):
    """They are counted, and `audit verify` names them."""
    voted.write(voted.event())
    (segment,) = (voted.folder / "var/ledger").glob("*.jsonl")
    with segment.open("ab") as file:
        file.write(b'{"e":{"kind":"approval-given"\n')
    done = run()
    assert done.exit_code == 1
