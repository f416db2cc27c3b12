"""The command `yett`: a literal table of subcommands, each imported only when it is asked for.

Exit codes: 0 fine, 1 findings, 2 the user's input is wrong, 3 something outside failed. Nothing
prints a stack trace at a user, unless `YETT_DEBUG=1` asks for it.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

import yett

# name -> module, and the line that `yett --help` shows without importing it
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("yett.cli.init", "Write a contract folder that runs, and say what is still open."),
    "check": (
        "yett.cli.check",
        "Find mistakes in a contract, and show what guards each operation.",
    ),
    "diff": ("yett.cli.diff", "Say what a change of the contract lets whom do."),
    "serve": ("yett.cli.serve", "Open the gate: enforce the contract and record each request."),
    "audit": ("yett.cli.audit", "Ask the ledger who did what, and whether it is whole."),
    "user": ("yett.cli.user", "Invite people, list and disable them, and give them roles."),
    "group": ("yett.cli.group", "Say which roles the groups of a directory carry."),
    "client": ("yett.cli.client", "Register applications that people sign in to."),
    "service": ("yett.cli.service", "Make accounts for programs, each with an owner."),
    "key": ("yett.cli.key", "Make, list and revoke API keys."),
    "token": ("yett.cli.token", "Revoke tokens and whole accounts, and look at a credential."),
    "signing-key": ("yett.cli.signing_key", "Show, follow and remove the issuer's own keys."),
    "approval": ("yett.cli.approval", "List, show and cancel what waits for approval."),
    "demo": ("yett.cli.demo", "Show the gate at work before a sample portal, with real attacks."),
    "bench": ("yett.cli.bench", "Measure the gate on this machine, beside its peers."),
}

EXIT_FINE, EXIT_FINDINGS, EXIT_INPUT, EXIT_OUTSIDE = range(4)
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count


class Yett(click.Group):
    """Loads subcommands when they are needed and turns every failure into words and a code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — click's signature
        """Name the commands that this installation has."""
        return [name for name, (module, _) in COMMANDS.items() if _is_there(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 — as above
        """Import one command."""
        if cmd_name not in COMMANDS or not _is_there(COMMANDS[cmd_name][0]):
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table from its literal lines: `--help` imports no command."""
        rows = [(name, COMMANDS[name][1]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; see `click.Command.main`."""
        run: Callable[[], Any] = functools.partial(
            super().main, args, prog_name, complete_var, standalone_mode=False, **extra
        )
        if not standalone_mode:
            return run()
        try:
            code = run()
        except (click.Abort, KeyboardInterrupt):
            sys.exit(EXIT_INTERRUPTED)
        except click.ClickException as error:
            _say(*_worded(error))
            sys.exit(EXIT_INPUT)
        except Exception as error:  # noqa: BLE001 — the last line before a user's terminal
            _explain(error)
        sys.exit(code if isinstance(code, int) else EXIT_FINE)


def _explain(error: Exception) -> NoReturn:
    """Say what failed in one line, and leave with its code."""
    from yett.contract.errors import ContractError, describe  # noqa: PLC0415 — only when it failed

    if os.environ.get("YETT_DEBUG") == "1":
        raise error
    if isinstance(error, ContractError):
        for finding in error.findings:
            _say(describe(finding), finding.hint)
        sys.exit(EXIT_INPUT)
    if isinstance(error, BrokenPipeError):
        # The reader of a pipe went away; a flush at exit would complain a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FINE)
    if isinstance(error, OSError):
        place = f"`{error.filename}`: " if error.filename else ""
        _say(f"{place}{(error.strerror or str(error)).lower()}", "")
        sys.exit(EXIT_OUTSIDE)
    _say(
        f"yett failed: {type(error).__name__.lower()}",
        "run it again with YETT_DEBUG=1 and report what it prints",
    )
    sys.exit(EXIT_OUTSIDE)


def _worded(error: click.ClickException) -> tuple[str, str]:
    """Put click's own sentence in our words: one line, input in backticks, and a next step."""
    text = re.sub(r"'([^']*)'", r"`\1`", error.format_message()).strip()
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    message, _, guess = text.partition("Did you mean ")
    message = message[:1].lower() + message[1:].rstrip(" (.")
    context = getattr(error, "ctx", None)
    general = f"`{context.command_path if context else 'yett'} --help` shows what there is"
    hint = getattr(error, "hint", general)
    near = guess.rstrip("?)") or _nearest(message, context)
    return message, f"did you mean {near}?" if near else hint


def _nearest(message: str, context: click.Context | None) -> str:
    """Guess the command that was meant; click does not guess where commands are loaded late."""
    if context is None or not isinstance(context.command, click.Group):
        return ""
    import difflib  # noqa: PLC0415 — only for a mistake

    name = message.partition("`")[2].rstrip("`")
    near = difflib.get_close_matches(name, context.command.list_commands(context), 1)
    return f"`{near[0]}`" if near and message.startswith("no such command") else ""


def _say(message: str, hint: str) -> None:
    click.echo(message, err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@click.group(cls=Yett, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="the contract folder  [default: .]",
)
@click.version_option(yett.__version__, "--version", prog_name="yett", help="show the version")
@click.pass_context
def main(ctx: click.Context, folder: Path) -> None:
    """Stand in front of an API: one contract, enforced, proven, watched, kept.

    Example: yett -C contract/ check
    """
    ctx.obj = folder


if __name__ == "__main__":
    main()
