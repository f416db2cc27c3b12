"""`yett check`: load, lint and compile a contract; print what is wrong and what guards what.

Exit codes: 0 fine, 1 findings of the severity asked for, 2 the contract cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yett.cli.folder import in_folder
from yett.cli.matrix import MATRIX_FORMS, draw_matrix
from yett.cli.output import FORMATS, RENDERERS, SEVERITIES, as_json, as_text
from yett.contract.errors import ContractError
from yett.contract.lint import lint
from yett.contract.load import load
from yett.contract.report import findings
from yett.contract.schema import config_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.cli.coverage import Row
    from yett.terms import Finding

MAX_SHOWN_PER_RULE = 10
MAX_ROWS_SHOWN = 40  # a table longer than a screen is asked for


@click.command("check")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="for people, or for programs",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="the mildest severity that makes the exit code 1",
)
@click.option("--all", "everything", is_flag=True, help="print notes and every operation")
@click.option("--schema", is_flag=True, help="print the JSON Schema of yett.toml, for editors")
@click.option(
    "--matrix",
    type=click.Choice(MATRIX_FORMS),
    help="print who may do what: each role by each operation; needs yett[diff]",
)
@in_folder
@click.pass_obj
def check(
    folder: Path | None,
    form: str,
    fail_on: str,
    matrix: str | None,
    *,
    everything: bool,
    schema: bool,
) -> None:
    """Find mistakes in a contract, and show what guards each operation.

    Example: yett -C contract/ check --format sarif > yett.sarif
    """
    if schema:
        click.echo(json.dumps(config_schema(), indent=2))
        return
    try:
        if matrix:
            click.echo(draw_matrix(folder or Path(), matrix))
            return
        found, table, operations = inspect(folder or Path())
    except ContractError as error:
        _print(error.findings, form)
        sys.exit(2)
    if form == "text":
        _print_text(found, table, everything=everything)
    elif form == "json":
        coverage = [{name: getattr(row, name) for name in row.__struct_fields__} for row in table]
        click.echo(as_json(found, operations=operations, coverage=coverage))
    else:
        _print(found, form)
    limit = SEVERITIES.index(fail_on)
    sys.exit(1 if any(SEVERITIES.index(f.severity) <= limit for f in found) else 0)


def inspect(folder: Path) -> tuple[tuple[Finding, ...], tuple[Row, ...], int]:
    """Load, lint and compile.

    Returns:
        The findings, a coverage row per operation, and how many operations are served.

    Raises:
        ContractError: the contract cannot be loaded or compiled.
    """
    from yett.cli.coverage import rows  # noqa: PLC0415 — the compiler is not needed for --schema
    from yett.policy.compile import compile_policy  # noqa: PLC0415 — as above

    contract = load(folder)
    found = lint(contract)
    try:
        policy = compile_policy(contract)
    except ContractError as error:
        # A misspelt pointer is a finding of the linter, and then what the compiler stumbles over.
        errors = tuple(one for one in found if one.severity == "error")
        raise ContractError((*errors, *error.findings)) from None
    table = rows(contract, policy)
    order = SEVERITIES.index
    both = sorted((*found, *findings(policy.remarks)), key=lambda finding: order(finding.severity))
    return tuple(both), table, len(table)


def _print(findings: tuple[Finding, ...], form: str) -> None:
    click.echo(RENDERERS[form](findings))


def _print_text(findings: tuple[Finding, ...], table: tuple[Row, ...], *, everything: bool) -> None:
    shown = findings if everything else tuple(_main_ones(findings))
    click.echo(as_text(shown, findings))
    hidden = len(findings) - len(shown)
    if hidden:
        verb = "is" if hidden == 1 else "are"
        click.echo(f"{hidden:,} of them {verb} not shown; `yett check --all` shows them")
    if everything or len(table) <= MAX_ROWS_SHOWN:
        from yett.cli.coverage_table import print_tables  # noqa: PLC0415 — as the compiler

        print_tables(table)
    click.echo(summary(table))
    if not everything and len(table) > MAX_ROWS_SHOWN:
        click.echo("`yett check --all` shows what guards each operation")


def _main_ones(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """Leave out notes, and what repeats itself."""
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.rule] += 1
        if finding.severity != "note" and seen[finding.rule] <= MAX_SHOWN_PER_RULE:
            yield finding


def summary(table: tuple[Row, ...]) -> str:
    """Count what the table says, for contracts too long to show."""
    who = [row.credential.partition(" (")[0] for row in table]  # without the mode
    opened, closed = sum(w in ("public", "anonymous") for w in who), who.count("refused")
    counts = {
        "operations": len(table),
        "behind a credential": len(table) - opened - closed,
        "public": opened,
        "refused, because nothing says who may call them": closed,
        "whose credential is not enforced": sum(" (" in row.credential for row in table),
        "with a body that is checked": sum(1 for row in table if row.unknown_fields != "-"),
        "searched for injections": sum(1 for row in table if row.injection != "-"),
        "with rules that read a record": sum(row.reads_record for row in table),
        "refused, because a rule cannot be checked": sum(row.uncheckable for row in table),
        "with fields that not everybody may see or write": sum(row.fields != "-" for row in table),
        "sensitive": sum(row.sensitive != "-" for row in table),
    }
    return "\n".join(f"{number:>7,} {name}" for name, number in counts.items() if number)
