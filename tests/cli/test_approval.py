"""`yett approval`: what an operator on the host sees and may end."""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner
from kit.store import Store

from yett.cli.__main__ import main
from yett.engine.approvals import ConfirmApproval


@pytest.fixture
def store(tmp_path):
    (tmp_path / "yett.toml").write_text('[authz]\napprovals = "a/approvals.db"\n')
    return Store(tmp_path / "a/approvals.db")


@pytest.fixture
def run(tmp_path):
    def go(*words):
        return CliRunner().invoke(main, ["-C", str(tmp_path), "approval", *words])

    return go


def test_a_list_says_who_waits_for_what(store, run):
    """One line each, newest first, or JSON."""
    now = time.time()
    old, new = (store.ask(n, now=now + n, who=f"p{n}") for n in (1, 2))
    assert run("list").stderr == "nothing waits for approval\n"
    for one in (old, new):
        store(ConfirmApproval(one.id))
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [new.id, old.id]
    assert "p2" in lines[0]
    assert "shop.pay" in lines[0]
    found = json.loads(run("list", "--format", "json").stdout)
    assert [one["approval"] for one in found] == [new.id, old.id]
    assert found[0]["body"] == '{"amount": 2}'


def test_one_is_shown_as_approvers_see_it(store, run):
    """Body, digest, votes and the frozen request."""
    asked = store.asked(now=time.time())
    store.vote(asked, now=time.time())
    shown = json.loads(run("show", asked.id, "--format", "json").stdout)
    assert (shown["state"], shown["body"]) == ("approved", '{"amount": 1}')
    assert [vote["by"] for vote in shown["votes"]] == ["boss"]
    text = run("show", asked.id).stdout
    assert asked.frozen.digest in text
    assert "requester    anna" in text


def test_an_operator_may_end_and_not_approve(store, run):
    """A cancelled approval is used by nobody; there is no command that approves."""
    asked = store.asked(now=time.time())
    store.vote(asked, now=time.time())
    done = run("refuse", asked.id)
    assert (done.exit_code, done.stderr) == (0, f"{asked.id} is cancelled\n")
    assert store.use(asked, now=time.time()) == "the approval was cancelled"
    again = run("refuse", asked.id)
    assert again.exit_code == 2
    assert "the approval was cancelled" in again.stderr
    assert run("approve", asked.id).exit_code == 2


@pytest.mark.parametrize("words", [("show", "0" * 32), ("refuse", "0" * 32), ("show", "")])
def test_an_unknown_id_is_a_mistake(store, run, words):
    """Exit 2, with what to do."""
    done = run(*words)
    assert done.exit_code == 2
    assert "there is no" in done.stderr or "there is no such" in done.stderr
    assert "hint: `yett approval list`" in done.stderr


def test_a_missing_file_is_explained(tmp_path, run):
    """No contract, no file, a file of others: each with its path and a next step."""
    done = run("list")
    assert (done.exit_code, "yett.toml" in done.stderr) == (2, True)
    (tmp_path / "yett.toml").write_text("")
    done = run("list")
    assert done.exit_code == 2
    assert "var/approvals.db: there is no file of approvals" in done.stderr
    (tmp_path / "yett.toml").write_text("[authz]\napprovals = 7\n")
    assert "names no file" in run("list").stderr
    (tmp_path / "yett.toml").write_text("[authz\n")
    assert run("list").exit_code == 2


def test_a_file_of_others_or_of_something_else_is_refused(store, run):
    """What an attacker may have written is not shown as if yett had."""
    store.path.chmod(0o666)
    done = run("list")
    assert done.exit_code == 2
    assert "can be read or written by others" in done.stderr
    store.path.chmod(0o600)
    for file in store.path.parent.glob("approvals.db*"):
        file.unlink()
    store.path.write_bytes(b"no database")
    store.path.chmod(0o600)
    assert run("list").exit_code == 3


def test_what_is_shown_cannot_act_on_the_terminal(store, run):
    """Names that a client chose are printed without control characters (CWE-150)."""
    asked = store.asked(who="an\x1b[31mna", now=time.time())
    for words in (("list",), ("show", asked.id)):
        assert "\x1b" not in run(*words).stdout
