"""Tests of a field against a constant or another field; what they say where it is missing is open.

A constant of another type is equal to nothing, as in Cedar. One that the column could not hold (an
id that is no integer, half a surrogate pair) is equal to no row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, literal

from yett.policy.cedar.extensions import Datetime
from yett.policy.cedar.model import Uid, Value
from yett.policy.cedar.types import Reference
from yett.policy.sql.atoms import (
    LIKE_ESCAPE,
    CutShort,
    Equal,
    EqualExactly,
    Holds,
    Like,
    Milliseconds,
    OneOf,
    OneOfExactly,
)
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import Field
from yett.policy.sql.kinds import Kind, as_integer, as_uuid
from yett.policy.sql.verdict import Condition, every, none, some

# PostgreSQL takes 65,535 values in a statement, SQLite 32,766.
MAX_VALUES = 5000
MS = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: dict[Kind, Any] = {
    Kind.TEXT: Text(),
    Kind.NAMES: Text(),
    Kind.UUID: Uuid(),
    Kind.INTEGER: BigInteger(),
}


def equal(field: Field, value: Value) -> Condition:
    """`field == value`."""
    return one_of(field, (value,))


def one_of(field: Field, values: Iterable[Value]) -> Condition:
    """Whether the field is one of several constants."""
    if field.kind is Kind.BOOLEAN:
        return some(*(_is(field, value) for value in values if type(value) is bool))
    if field.kind is Kind.MOMENT:
        moments = (value for value in values if isinstance(value, Datetime))
        return some(*(_at(field, moment) for moment in moments))
    found = {_kept(field, value) for value in values}
    kept = sorted(one for one in found if one is not None)
    if len(kept) > MAX_VALUES:
        raise FilterError(f"compares with {len(kept)} values; a statement takes {MAX_VALUES}")
    return _among(field, kept) if kept else False


def order(op: str, field: Field, value: Value) -> Condition:
    """`field < value` and the like, by the operator's name in the tree."""
    if type(value) is int and field.kind is Kind.INTEGER:
        compared: Condition = ORDERS[op](field.column, literal(value, BigInteger()))
        return compared
    if isinstance(value, Datetime) and field.kind is Kind.MOMENT:
        # What Cedar calls 12:00:00.000 is in the table up to, but not, 12:00:00.001.
        later = {"less": 0, "greater_eq": 0, "less_eq": 1, "greater": 1}[op]
        bound = literal(_moment(value.ms + later), DateTime(timezone=True))
        return field.column < bound if op.startswith("less") else field.column >= bound
    raise FilterError("has no order, or compares values of two types")


def equal_fields(one: Field, two: Field) -> Condition:
    """`==` of two fields; of two types they are never equal."""
    if one.type != two.type:
        return False
    if one.kind in _TEXTS and two.kind in _TEXTS:
        return EqualExactly(one.column, two.column)
    _must_match(one, two)
    if one.kind is Kind.BOOLEAN:
        first, second = Holds(one.column), Holds(two.column)
        return some(every(first, second), every(none(first), none(second)))
    if one.kind is Kind.MOMENT:
        return Milliseconds(one.column) == Milliseconds(two.column)
    return one.column == two.column


def order_fields(op: str, one: Field, two: Field) -> Condition:
    """`<` and the like of two fields."""
    _must_match(one, two)
    if one.kind is Kind.INTEGER:
        compared: Condition = ORDERS[op](one.column, two.column)
        return compared
    if one.kind is Kind.MOMENT:
        cut: Condition = ORDERS[op](Milliseconds(one.column), Milliseconds(two.column))
        return cut
    raise FilterError("has no order, or compares values of two types")


def like(field: Field, elements: tuple[str | None, ...]) -> tuple[Condition, Condition]:
    """`field like pattern`, and where that cannot be told.

    Args:
        field: a text.
        elements: the characters of the pattern, None for a wildcard.
    """
    if field.kind not in _TEXTS:
        raise FilterError(f"matches a pattern with what is kept as {field.kind.value}")
    if None not in elements:
        return equal(field, "".join(filter(None, elements))), field.missing
    if "\0" in elements:
        raise FilterError("matches a pattern with a NUL character")
    glob = "".join("*" if one is None else _GLOB.get(one, one) for one in elements)
    sql_like = "".join("%" if one is None else _LIKE.get(one, one) for one in elements)
    test = Like(field.column, literal(glob, Text()), literal(sql_like, Text()))
    return test, some(field.missing, CutShort(field.column))


def _is(field: Field, value: bool) -> Condition:
    return Holds(field.column) if value else none(Holds(field.column))


def _at(field: Field, moment: Datetime) -> Condition:
    return every(order("greater_eq", field, moment), order("less_eq", field, moment))


def _moment(ms: int) -> datetime:
    try:
        return EPOCH + ms * MS
    except OverflowError as error:
        raise FilterError("compares with a moment outside the years 1 to 9999") from error


def _kept(field: Field, value: Value) -> Any:
    """Return a constant in the column's form, None where no row can hold it."""
    if isinstance(field.type, Reference):
        if not isinstance(value, Uid) or value.type != field.type.entity:
            return None
        value = value.id
    elif field.kind is Kind.INTEGER:
        return value if type(value) is int else None
    if type(value) is not str:
        return None
    if field.kind is Kind.INTEGER:
        return as_integer(value)
    if field.kind is Kind.UUID:
        return as_uuid(value)
    # A token's JSON may hold half a surrogate pair; no driver can send one, no row holds one.
    return value if value.isascii() or value.encode(errors="ignore").decode() == value else None


def _among(field: Field, kept: list[Any]) -> Condition:
    type_ = _TYPES[field.kind]
    one, several = literal(kept[0], type_), bindparam(None, kept, type_=type_, expanding=True)
    if field.kind not in _TEXTS:
        return field.column == one if len(kept) == 1 else field.column.in_(several)
    exactly = field.kind is Kind.NAMES
    if len(kept) == 1:
        return EqualExactly(field.column, one) if exactly else Equal(field.column, one)
    return OneOfExactly(field.column, several) if exactly else OneOf(field.column, several)


def _must_match(one: Field, two: Field) -> None:
    if one.kind is not two.kind:
        raise FilterError(f"compares what is kept as {one.kind.value} with {two.kind.value}")


_TEXTS = frozenset((Kind.TEXT, Kind.NAMES))
_GLOB = {"*": "[*]", "?": "[?]", "[": "[[]"}
_LIKE = {one: LIKE_ESCAPE + one for one in (LIKE_ESCAPE, "%", "_")}
ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "less": operator.lt,
    "less_eq": operator.le,
    "greater": operator.gt,
    "greater_eq": operator.ge,
}
