"""What stands for a value in a row: one column or expression, or a `select` of many.

Says besides where there is none, so that reading it can err as it does in Cedar, and where `has` is
true. SQLite keeps any value in any column; what is of another type there counts as missing.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select

from yett.policy.cedar.types import Type
from yett.policy.sql.atoms import Binary, Column, Moment, Sql, UuidColumn, Whole
from yett.policy.sql.errors import FilterError
from yett.policy.sql.kinds import Kind, fitting, kind_of
from yett.policy.sql.verdict import Condition, none, some

Path = tuple[str, ...]

_WRAPPED: dict[Kind, type[Column]] = {Kind.UUID: UuidColumn, Kind.MOMENT: Moment}


class Field(Struct, frozen=True):
    """One value a row.

    Args:
        type: its Cedar type.
        kind: how it is kept.
        column: it, for use in tests.
        missing: where reading it errs.
        present: where `has` is true.
        path: the attribute, empty for the record itself.
    """

    type: Type
    kind: Kind
    column: Sql
    missing: Condition
    present: Condition
    path: Path = ()


class Many(Struct, frozen=True):
    """A set of values a row.

    Args:
        select: all of them, one column.
        member: that column, as a field.
    """

    select: Select[Any]
    member: Field

    def has(self, condition: Condition) -> Condition:
        """Return whether some element, as `member`, meets a condition; a NULL is no element."""
        if condition is False:
            return False
        met = self.member.column.is_not(None) if condition is True else condition
        return self.select.where(met).exists()


def make_field(path: Path, type_: Type, column: ColumnElement[Any], *, nullable: bool) -> Field:
    """Make a field of a column or an expression.

    Raises:
        FilterError: it keeps its values in a form that is not the one of the service's JSON.
    """
    kind = kind_of(column.type)
    if kind is None or kind not in fitting(type_):
        wanted = ", ".join(one.value for one in fitting(type_)) or "a declared `select`"
        raise FilterError(
            f"`{'.'.join(path) or 'resource'}` is kept as `{column.type!r}`; needed is: {wanted}",
            hint="declare an expression of such a type in `__yett__`",
        )
    wrapped = _WRAPPED.get(kind, Column)(column)
    # Asked of columns that are NOT NULL, too: the table may have drifted from its model, and a NULL
    # there would be neither true nor false.
    absent = wrapped.is_(None)
    return Field(
        type=type_,
        kind=kind,
        column=wrapped,
        missing=some(absent, _ill_typed(kind, wrapped)),
        present=wrapped.is_not(None) if nullable else True,
        path=path,
    )


def make_many(path: Path, type_: Type, select: Select[Any]) -> Many:
    """Make a set of what a `select` finds; its NULLs are no elements."""
    columns = list(select.selected_columns)
    if len(columns) != 1:
        raise FilterError(f"the `select` of `{'.'.join(path)}` has {len(columns)} columns, not one")
    return Many(select, make_field(path, type_, columns[0], nullable=False))


def _ill_typed(kind: Kind, column: Column) -> Condition:
    match kind:
        case Kind.INTEGER:
            return none(Whole(column))
        case Kind.BOOLEAN:
            return none(Binary(column))
    return False
