"""`yett check --matrix`: three forms of one table."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from kit.pairs import write_contract

from yett.cli.__main__ import main
from yett.review import review


@pytest.fixture
def run(tmp_path):
    def matrix(form):
        folder = write_contract(tmp_path)
        return CliRunner().invoke(main, ["-C", str(folder), "check", "--matrix", form])

    return matrix


def test_three_forms(run):
    """Text for people, JSON to commit, a page to send."""
    assert run("text").output.startswith("action ")
    data = json.loads(run("json").output)
    assert data["actions"]["updateBooking"]["service without a role"]["access"] == "-"
    assert run("html").output.startswith("<!doctype html>")


def test_the_json_is_the_same_each_time(run):
    """It is committed: a run without change makes no difference."""
    assert run("json").output == run("json").output


def test_without_the_solver(run, monkeypatch):
    """Nothing is drawn that is not proved; the next step is named."""
    monkeypatch.setattr(review, "has_solver", lambda: False)
    found = run("text")
    assert found.exit_code == 2
    assert "install yett[diff]" in found.output
