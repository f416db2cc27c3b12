"""Single tests as the databases know them: the same answer as Cedar's, byte for byte, or none.

`=` and `LIKE` follow collations in SQL: SQLite's LIKE finds "Abc" for "a*", a NOCASE or citext
column is equal to what it is not. Each test has its own text for SQLite and for PostgreSQL; for any
other database a statement with one is refused when it is compiled, before it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    LargeBinary,
    Text,
    and_,
    cast,
    collate,
    false,
    func,
    literal_column,
    true,
)
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LIKE_ESCAPE = "!"
# What prints a statement without a database shows PostgreSQL's text; nothing runs on it.
PRINTING = "default"

Sql = ColumnElement[Any]


class Atom(FunctionElement[Any]):
    """Something with its own text for each database; operands are arguments, so caches see them."""

    inherit_cache = True


class Test(Atom):
    """An atom that is true, false or NULL."""

    inherit_cache = True
    type = Boolean()
    __test__ = False  # for pytest, which collects what is named so

    def self_group(self, against: Any = None) -> Test:
        """Stand in `AND` as it is: `(...) = 1`, for SQLite, would hide it from indices."""
        del against
        return self


class Column(Atom):
    """A column as it is."""

    inherit_cache = True

    def __init__(self, inner: Sql) -> None:
        super().__init__(inner)
        self.type = inner.type


class Moment(Column):
    """A column of time with zone; SQLite keeps no zone."""

    inherit_cache = True


class Milliseconds(Moment):
    """Such a column, cut to the milliseconds that Cedar knows."""

    inherit_cache = True


class UuidColumn(Column):
    """A column of UUIDs; where they are texts, in the one form that SQLAlchemy writes."""

    inherit_cache = True


class Equal(Test):
    """Two texts are the same characters."""

    inherit_cache = True


class EqualExactly(Test):
    """As `Equal`, where a plain `=` may be an error: two columns, an enumerated type."""

    inherit_cache = True


class OneOf(Test):
    """A text is one of several."""

    inherit_cache = True


class OneOfExactly(Test):
    """As `OneOf`, where a plain `IN` may be an error: an enumerated type, a subquery."""

    inherit_cache = True


class Like(Test):
    """A text matches a pattern: the text, the pattern for GLOB, the pattern for LIKE."""

    inherit_cache = True


class CutShort(Test):
    """SQLite's GLOB takes a text for ended at its first NUL; PostgreSQL stores none."""

    inherit_cache = True


class Whole(Test):
    """An integer is one: SQLite keeps any value in any column, and 'x' > 5 is true there."""

    inherit_cache = True


class Binary(Test):
    """A boolean is one, and not 2."""

    inherit_cache = True


class Holds(Test):
    """A boolean is true."""

    inherit_cache = True


def exact(text: Sql) -> Sql:
    """Return a text that PostgreSQL compares byte by byte, whatever its column says."""
    return collate(cast(text, Text), "C")


def binary(text: Sql) -> Sql:
    """Return a text that SQLite compares byte by byte."""
    return collate(text, "BINARY")


def _is_integer(column: Sql) -> Sql:
    return func.typeof(column) == literal_column("'integer'")


Form = Callable[..., Sql]

# atom -> its form in SQLite (None: there is none), its form in PostgreSQL.
# Where `Equal` and `OneOf` have two halves, the first lets an index answer: under any collation it
# holds wherever the bytes agree. The second decides.
FORMS: dict[type[Atom], tuple[Form | None, Form]] = {
    Column: (lambda column: column, lambda column: column),
    Moment: (None, lambda column: column),
    Milliseconds: (None, lambda column: func.date_trunc("milliseconds", column)),
    UuidColumn: (
        lambda column: func.replace(func.lower(column), "-", "", type_=column.type),
        lambda column: column,
    ),
    Equal: (
        lambda one, two: one == binary(two),
        lambda one, two: and_(one == two, exact(one) == two),
    ),
    EqualExactly: (
        lambda one, two: one == binary(two),
        lambda one, two: exact(one) == exact(two),
    ),
    OneOf: (
        lambda one, several: binary(one).in_(several),
        lambda one, several: and_(one.in_(several), exact(one).in_(several)),
    ),
    OneOfExactly: (
        lambda one, several: binary(one).in_(several),
        lambda one, several: exact(one).in_(several),
    ),
    Like: (
        lambda one, glob, _: one.op("GLOB", is_comparison=True)(glob),
        lambda one, _, like: exact(one).like(like, escape=LIKE_ESCAPE),
    ),
    CutShort: (
        lambda one: (
            func.instr(cast(one, LargeBinary), literal_column("x'00'")) > literal_column("0")
        ),
        lambda _: false(),
    ),
    Whole: (_is_integer, lambda _: true()),
    Binary: (
        lambda one: and_(_is_integer(one), one.in_((literal_column("0"), literal_column("1")))),
        lambda _: true(),
    ),
    Holds: (
        lambda one: one.op("=", is_comparison=True)(literal_column("1")),
        lambda one: one.is_(true()),
    ),
}


@compiles(Atom)
def _write(atom: Atom, compiler: SQLCompiler, **given: Any) -> str:
    sqlite, postgresql = FORMS[type(atom)]
    form = {"sqlite": sqlite, "postgresql": postgresql, PRINTING: postgresql}.get(
        compiler.dialect.name
    )
    if form is None:
        raise CompileError(
            f"yett.allowed has no exact form of `{type(atom).__name__}` for the database"
            f" `{compiler.dialect.name}`; PostgreSQL has all, SQLite all but `Moment`"
        )
    text: str = compiler.process(form(*atom.clauses), **given)
    return text if isinstance(atom, Column) else f"({text})"
