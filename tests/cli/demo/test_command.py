from __future__ import annotations

from click.testing import CliRunner

from yett.cli.demo import command
from yett.cli.demo.stage import StageError


def test_what_keeps_it_from_starting_is_said_in_two_lines(monkeypatch):
    """No stack trace: the error, the next step, exit code 3."""

    def fail(_folder):
        raise StageError("the portal did not start: no fastapi", "run `python3 dev.py demo`")

    monkeypatch.setattr(command, "set_stage", fail)
    result = CliRunner().invoke(command.demo, ["--exit"])
    assert result.exit_code == 3
    assert result.stderr == (
        "error: the portal did not start: no fastapi\nhint: run `python3 dev.py demo`\n"
    )
