"""How a column keeps what Cedar has a type for; what is kept in another form than shown is refused.

The JSON of the service and the column must be one value: an enumerated type kept by name and shown
by value, a type with converters of its own, or a number with a fraction is none of Cedar's.
"""

from __future__ import annotations

import enum
import re
import uuid
from typing import Any

from sqlalchemy import Boolean, DateTime, Dialect, Enum, Integer, String, Uuid
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeDecorator, TypeEngine

from yett.policy.cedar.types import Plain, Reference, Type


class Kind(enum.Enum):
    """What a column holds."""

    TEXT = "text"
    NAMES = "an enumerated type"
    UUID = "UUID"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    MOMENT = "time with zone"


FITTING: dict[str, tuple[Kind, ...]] = {
    "String": (Kind.TEXT, Kind.NAMES, Kind.UUID),
    "Long": (Kind.INTEGER,),
    "Bool": (Kind.BOOLEAN,),
    "datetime": (Kind.MOMENT,),
}
_INTEGER = re.compile(r"-?[0-9]{1,19}")
IDS = (Kind.TEXT, Kind.NAMES, Kind.UUID, Kind.INTEGER)

_DIALECTS = (sqlite.dialect(), postgresql.dialect())  # type: ignore[no-untyped-call] # theirs
_HOOKS = (
    "process_bind_param",
    "process_literal_param",
    "process_result_value",
    "bind_processor",
    "result_processor",
    "bind_expression",
    "column_expression",
)


def fitting(type_: Type) -> tuple[Kind, ...]:
    """Return what may hold a value of a Cedar type; nothing for sets and records."""
    if isinstance(type_, Reference):
        return IDS
    return FITTING.get(type_.name, ()) if isinstance(type_, Plain) else ()


def kind_of(type_: TypeEngine[Any]) -> Kind | None:
    """Return what a column of this type holds, on either database; None where that is not told."""
    found = {_kind(type_.dialect_impl(dialect)) for dialect in _DIALECTS}
    kind = found.pop() if len(found) == 1 else None
    return None if kind is Kind.TEXT and _padded(type_) else kind


def _padded(type_: TypeEngine[Any]) -> bool:
    """CHAR(n) is filled up with blanks and compared without them; adapted types hide that."""
    return any(_written(type_, dialect) in {"CHAR", "NCHAR"} for dialect in _DIALECTS)


def _written(type_: TypeEngine[Any], dialect: Dialect) -> str:
    try:
        return type_.compile(dialect).partition("(")[0]
    except CompileError:  # a type of the other database, such as CITEXT
        return ""


def _kind(type_: TypeEngine[Any]) -> Kind | None:
    if isinstance(type_, TypeDecorator):
        return _kind(type_.impl_instance) if _converts_nothing(type_) else None
    match type_:
        case Enum():
            return Kind.NAMES if _shown_as_kept(type_) else None
        case String():
            return Kind.TEXT
        case Uuid():
            return Kind.UUID
        case Boolean():
            return Kind.BOOLEAN
        case Integer():
            return Kind.INTEGER
        case DateTime():
            return Kind.MOMENT if type_.timezone else None
    return None


def _converts_nothing(type_: TypeDecorator[Any]) -> bool:
    return all(getattr(type(type_), name) is getattr(TypeDecorator, name) for name in _HOOKS)


def _shown_as_kept(type_: Enum) -> bool:
    """SQLAlchemy keeps the names of a Python enumeration, JSON shows its values."""
    if type_.enum_class is None:
        return True
    return [str(one.value) for one in type_.enum_class] == list(type_.enums)


def as_integer(text: str) -> int | None:
    """Read an id for an integer column: canonical, or it names no row (`01` is not `1`)."""
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if str(number) == text and -(2**63) <= number < 2**63 else None


def as_uuid(text: str) -> uuid.UUID | None:
    """Read an id for a UUID column: canonical, or it names no row."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
