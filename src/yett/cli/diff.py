"""`yett diff OLD NEW`: who can newly do what, who loses what, and what the specification loosens.

Exit codes: 0 nothing is wider, 1 something is or is not proved not to be, 2 a contract cannot be
used, 3 something outside failed.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from yett.cli.folder import in_folder
from yett.cli.output import FORMATS, RENDERERS, as_json, as_sarif, as_text
from yett.cli.revisions import contract_folder
from yett.contract.errors import ContractError
from yett.contract.load import load
from yett.contract.model import Contract
from yett.policy.compile import compile_policy
from yett.policy.model import Policy
from yett.review.report import Review, as_data
from yett.review.review import DEFAULT_TIMEOUT_S, review
from yett.review.rules import RULES

HELP_URI = "https://yett.dev/reference/diff#"
SUMMARIES = {rule.id: rule.summary for rule in RULES}
MAX_TIMEOUT_S = 3600
MAX_SHOWN = 100  # a role that reads everything is a finding for each operation; worst first


@click.command("diff")
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="for people, or for programs",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.001, MAX_TIMEOUT_S),
    default=DEFAULT_TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="for each question; what takes longer is not proved",
)
@in_folder
@click.pass_obj
def diff(folder: Path | None, old: str, new: str | None, form: str, timeout: float) -> None:
    """Say what a change of the contract lets whom do.

    OLD and NEW are contract folders, or git revisions: `main`, `HEAD~1:contract`. NEW is the -C
    folder where it is left out. Needs the extra yett[diff] to compare policies.

    Example: yett -C contract/ diff main --format sarif > yett.sarif
    """
    here = folder or Path()
    with contract_folder(old, here) as before:
        first = _compiled(before, form)
    with contract_folder(new or str(here), here) as after:
        second = _compiled(after, form)
    with _busy(len(second[1].operations)):
        found = review(first, second, timeout)
    if form == "text":
        click.echo(_text(found))
    elif form == "json":
        click.echo(as_json(found.findings(), **as_data(found)))
    else:
        click.echo(as_sarif(found.findings(), summaries=SUMMARIES, help_uri=HELP_URI))
    sys.exit(1 if found.widened() else 0)


def _compiled(folder: Path, form: str) -> tuple[Contract, Policy]:
    try:
        contract = load(folder)
        return contract, compile_policy(contract)
    except ContractError as error:
        click.echo(RENDERERS[form](error.findings))
        sys.exit(2)


@contextlib.contextmanager
def _busy(operations: int) -> Iterator[None]:
    """Say on a terminal what is done meanwhile: a large contract takes half a minute."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 — 60 ms that only a terminal pays

    with Console(stderr=True).status(f"comparing {operations:,} operations ..."):
        yield


def _text(found: Review) -> str:
    findings = found.findings()
    shown = findings[:MAX_SHOWN]
    lines = [as_text(shown, findings)] if findings else []
    if len(shown) < len(findings):
        hidden = len(findings) - len(shown)
        lines.append(f"{hidden:,} of them are not shown; `--format json` has them all")
    return "\n".join([*lines, verdict(found)])


def verdict(found: Review) -> str:
    """Say in one line what the policies come to."""
    gains = [change for change in found.changes if change.gains]
    if found.unasked:
        return f"NOT PROVED: {found.unasked}"
    if not gains:
        asked = f"{found.questions:,} questions" if found.questions else "no rule changed"
        return f"nothing newly allowed (proved: {asked})"
    actions = sorted({change.action for change in gains})
    named = ", ".join(f"`{action}`" for action in actions[:5])
    more = f" and {len(actions) - 5:,} more" if len(actions) > 5 else ""
    return f"newly allowed, or not proved not to be: {named}{more}"
