"""The command `yett` itself: lazy, coded exits, no stack traces."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

import yett
from yett.cli import __main__ as room
from yett.cli.__main__ import COMMANDS, main
from yett.contract.errors import ContractError
from yett.terms import Finding


def test_help_imports_no_command():
    """`yett --help` loads click and nothing of the compiler, the wire or rich."""
    code = (
        "import sys\n"
        "from yett.cli.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = [m for m in sys.modules if m.split('.')[0] in ('rich', 'uvloop', 'jsonschema_rs', 'orjson', 'asyncio')]\n"
        "sys.exit(repr(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "check  " in done.stdout


def test_every_command_of_the_table_that_is_there_can_be_loaded():
    """The name of a module's command is the module's name."""
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert COMMANDS[name][1].endswith(".")


def test_a_command_that_is_missing_does_not_break_the_others(monkeypatch):
    """An installation without a part has the rest."""
    monkeypatch.setitem(COMMANDS, "ghost", ("yett.cli.ghost", "Not there."))
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert "ghost" not in result.output
    assert CliRunner().invoke(main, ["ghost"]).exit_code == 2


def test_version():
    """`--version` says which."""
    assert CliRunner().invoke(main, ["--version"]).output == f"yett, version {yett.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["nope"], ["check", "--nope"], ["check", "--format", "xml"], ["-C"]]
)
def test_a_wrong_command_line_is_the_users_input(arguments):
    """Exit code 2."""
    assert CliRunner().invoke(main, arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["serv"], "no such command `serv`", "did you mean `serve`?"),
        (["audit", "serch"], "no such command `serch`", "did you mean `search`?"),
        (["zzz"], "no such command `zzz`", "`yett --help` shows what there is"),
        (["check", "--nope"], "no such option `--nope`", "`yett check --help` shows"),
        (["audit", "search", "--sinc"], "no such option `--sinc`", "`--since`?"),
        (["check", "--format", "xml"], "`xml` is not one of `text`, `json`, `sarif`", "--help`"),
        (["key", "issue"], "missing option `--owner`", "`yett key issue --help` shows"),
        (["\x1b[2Jx"], "no such command `\\x1b[2Jx`", "`yett --help`"),
    ],
)
def test_a_wrong_command_line_is_answered_in_two_lines(arguments, message, hint):
    """What is wrong with the input in backticks, and a next step; nothing writes to a terminal."""
    lines = CliRunner().invoke(main, arguments, prog_name="yett").output.splitlines()
    assert len(lines) == 2
    assert message in lines[0]
    assert lines[1].startswith("hint: ")
    assert hint in lines[1]


FINDING = Finding(rule="r", severity="error", message="m", path="a", line=1, hint="h")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ContractError([FINDING]), 2, "a:1: error r: m\nhint: h\n"),
        (FileNotFoundError(2, "No such file", "x"), 3, "`x`: no such file\n"),
        (ConnectionRefusedError(111, "Connection refused"), 3, "connection refused\n"),
        (
            ZeroDivisionError("secret"),
            3,
            "yett failed: zerodivisionerror\nhint: run it again with YETT_DEBUG=1",
        ),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
    ],
)
def test_a_failure_is_words_and_a_code(monkeypatch, error, code, words):
    """No stack trace reaches a user, whatever happened."""

    @click.command("check")
    def failing():
        raise error

    monkeypatch.setattr(room.Yett, "get_command", lambda *_: failing)
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == code
    assert words in result.output
    assert "Traceback" not in result.output
    assert "secret" not in result.output


def test_debugging_shows_the_trace(monkeypatch):
    """`YETT_DEBUG=1` lets it through."""

    @click.command("check")
    def failing():
        raise ZeroDivisionError

    monkeypatch.setattr(room.Yett, "get_command", lambda *_: failing)
    monkeypatch.setenv("YETT_DEBUG", "1")
    assert isinstance(CliRunner().invoke(main, ["check"]).exception, ZeroDivisionError)


def test_a_reader_that_goes_away_is_no_failure():
    """`yett check --schema | head -1` ends quietly."""
    command = f"{sys.executable} -m yett.cli.__main__ check --schema | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "{"
