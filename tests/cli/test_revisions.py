"""Contracts out of git, without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from kit.pairs import POLICIES, write_contract

from yett.cli.__main__ import main
from yett.cli.revisions import contract_folder

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}


@pytest.fixture
def repository(tmp_path):
    """A repository with a contract in `api/contract`, changed since its first commit."""
    folder = write_contract(tmp_path / "api" / "contract")

    def git(*words):
        name = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(
            ["git", "-C", str(tmp_path), *name, *words], check=True, capture_output=True, env=CLEAN
        )

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    write_contract(folder, policies=POLICIES.replace('["open", "held"]', '["open"]'))
    return folder


def test_a_revision_of_this_folder(repository):
    """`REV` is the `-C` folder at that revision."""
    with contract_folder("main", repository) as folder:
        assert (folder / "policies/shop.cedar").read_text() == POLICIES
    assert not folder.exists()


def test_a_revision_of_another_folder(repository):
    """`REV:PATH` is counted from the top of the repository."""
    with contract_folder("HEAD:api/contract", repository) as folder:
        assert (folder / "yett.toml").exists()
    with contract_folder(str(repository), repository) as folder:
        assert folder == repository


def test_against_a_revision(repository):
    """`yett -C contract diff main` compares what is proposed with what is in force."""
    found = CliRunner().invoke(main, ["-C", str(repository), "diff", "main"])
    assert found.exit_code == 0, found.output
    assert "no longer allowed" in found.output


@pytest.mark.parametrize("named", ["nowhere", "main:none", "--help", "-o/tmp/x", "main:../..", ":"])
def test_what_is_neither(repository, named):
    """A name that is no folder and no revision is refused; none is an option of git."""
    refused = pytest.raises(click.UsageError, match="neither a folder nor a revision")
    with refused, contract_folder(named, repository):
        pass


def test_a_pipeline_without_the_revision_is_told_to_fetch_it(repository):
    """A shallow clone has no `main`: the next step is named, not the options of the command."""
    command = [sys.executable, "-m", "yett.cli", "-C", str(repository), "diff", "origin/main"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    message, hint = found.stderr.splitlines()
    assert message == "`origin/main` is neither a folder nor a revision with a contract"
    assert hint.startswith("hint: a folder, or a revision of the repository that `-C` is in")
    assert hint.endswith("in CI fetch it first (`git fetch origin main:main`)")


def test_outside_a_repository(tmp_path):
    """Without git history a revision cannot be meant."""
    with pytest.raises(click.UsageError), contract_folder("main", tmp_path):
        pass
