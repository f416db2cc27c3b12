"""How `yett check` draws what guards each operation: three tables that fit a terminal.

Who may call; what may be sent, where anything is; what is asked about the record. A column whose
every cell says the same mode says it once, in its head. Nothing is decided here: rows come from
`coverage`.
"""

from __future__ import annotations

from collections.abc import Callable

import click

from yett.cli.coverage import Row
from yett.cli.coverage_records import NOTHING
from yett.terms import Mode

PIPED_TABLE_COLUMNS = 4000  # a row is one line for grep, however long its path
WHOLE_COLUMN_CHARACTERS = 32  # names up to this are not broken where a terminal is narrow

Column = tuple[str, Callable[[Row], str]]

_CREDENTIAL_FREE = ("public", "anonymous", "refused")
_NONE_TAKEN = "none taken"
_STATE = "state:"


def print_tables(table: tuple[Row, ...]) -> None:
    """Draw all of it."""
    parts = (
        (_CALLING, table),
        (_SENDING, tuple(row for row in table if _takes(row))),
        (_AUTHORIZING, tuple(row for row in table if row.authorizes)),
    )
    drawn = False
    for columns, rows in parts:
        if rows:
            if drawn:
                click.echo()
            _draw(rows, columns)
            drawn = True


def cells(rows: tuple[Row, ...], columns: tuple[Column, ...]) -> list[tuple[str, list[str]]]:
    """Return each column that says something: its head and its cells."""
    made = []
    for head, of in columns:
        texts = [of(row) for row in rows]
        if all(text in (NOTHING, "") for text in texts) and head != "operation":
            continue
        made.append(_said_once(head, texts))
    return made


def _said_once(head: str, texts: list[str]) -> tuple[str, list[str]]:
    """Move a mode that every cell has into the head."""
    for mode in (Mode.OBSERVE, Mode.OFF):
        end = f" ({mode})"
        if all(text.endswith(end) or text in (NOTHING, *_CREDENTIAL_FREE) for text in texts) and (
            any(text.endswith(end) for text in texts)
        ):
            return head + end, [text.removesuffix(end) for text in texts]
    return head, texts


def _takes(row: Row) -> bool:
    return not all(text.startswith(_NONE_TAKEN) for text in (row.parameters, row.body))


def _taken(text: str) -> str:
    return NOTHING if text.startswith(_NONE_TAKEN) else text


def _rules(row: Row) -> str:
    """Leave out the rules made from a machine: the states say them."""
    names = [name for name in row.rules.split(", ") if not name.startswith(_STATE)]
    return ", ".join(names) or NOTHING


def _besides(row: Row) -> str:
    """Say what else is asked: references, fields, states, step-up."""
    told = {
        "refers to ": row.references,
        "": row.fields,
        "state ": row.states,
        "sensitive: ": row.sensitive,
    }
    parts = [label + text for label, text in told.items() if text != NOTHING]
    return "; ".join(parts) or NOTHING


_OPERATION: Column = ("operation", lambda row: row.operation)
_CALLING: tuple[Column, ...] = (
    _OPERATION,
    ("method", lambda row: row.method),
    ("path", lambda row: row.path),
    ("credential", lambda row: row.credential),
    ("scopes", lambda row: row.scopes),
    ("limits", lambda row: row.limits.partition(" ")[2] or NOTHING),
)
_SENDING: tuple[Column, ...] = (
    _OPERATION,
    ("parameters", lambda row: _taken(row.parameters)),
    ("body", lambda row: _taken(row.body)),
    ("unknown fields", lambda row: row.unknown_fields),
    ("injection", lambda row: row.injection),
)
_AUTHORIZING: tuple[Column, ...] = (
    _OPERATION,
    ("record", lambda row: row.record),
    ("rules", _rules),
    ("besides", _besides),
)
_FOLDED = ("path", "scopes", "rules", "besides")  # broken first where a terminal is narrow


def _draw(rows: tuple[Row, ...], columns: tuple[Column, ...]) -> None:
    from rich.console import Console  # noqa: PLC0415 — 60 ms that `--format json` does not pay
    from rich.table import Table  # noqa: PLC0415 — as above

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = PIPED_TABLE_COLUMNS
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    made = cells(rows, columns)
    for head, texts in made:
        kept = min(max(map(len, (head, *texts))), WHOLE_COLUMN_CHARACTERS)
        folded = head.partition(" (")[0] in _FOLDED
        drawn.add_column(head, overflow="fold", min_width=None if folded else kept)
    for row in zip(*(texts for _, texts in made), strict=True):
        drawn.add_row(*row)
    console.print(drawn)
