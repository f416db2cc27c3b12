"""The access matrix as values, and as JSON; no solver is needed to read it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

NO, ALLOW, CONDITION, UNKNOWN = "-", "ALLOW", "cond", "?"


class Cell(Struct, frozen=True):
    """Whether callers of one class may do one action.

    Args:
        access: `-`, `ALLOW`, `cond`, or `?` where it is not proved.
        when: the condition, in the words of the rules.
        rules: ids of the rules that permit.
    """

    access: str
    when: str = ""
    rules: tuple[str, ...] = ()


class Matrix(Struct, frozen=True):
    """The columns in order, and action -> column -> cell."""

    columns: tuple[str, ...]
    rows: dict[str, dict[str, Cell]]


def as_data(matrix: Matrix) -> dict[str, Any]:
    """Return the matrix as JSON: action -> class -> cell; meant to be committed."""
    return {
        "columns": list(matrix.columns),
        "actions": {
            name: {
                column: {"access": cell.access, "when": cell.when, "rules": list(cell.rules)}
                for column, cell in row.items()
            }
            for name, row in matrix.rows.items()
        },
    }
