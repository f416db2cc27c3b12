"""The option `--format text|json`."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from yett.cli.forms import text_or_json


@click.command()
@text_or_json("for whom")
def show(form: str) -> None:
    click.echo(form)


@pytest.mark.parametrize(
    ("words", "form"),
    [([], "text"), (["--format", "json"], "json"), (["--format", "text"], "text")],
)
def test_a_form_is_chosen(words, form):
    """People get text unless they say otherwise."""
    assert CliRunner().invoke(show, words).stdout == f"{form}\n"


def test_another_form_is_a_mistake():
    """What no writer knows ends with 2 and names those there are."""
    done = CliRunner().invoke(show, ["--format", "xml"])
    assert done.exit_code == 2
    assert "'text', 'json'" in done.stderr
    assert "for whom" in CliRunner().invoke(show, ["--help"]).stdout
