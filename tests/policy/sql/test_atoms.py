"""Each test has its own text for each database, and none for one that is not known."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import CompileError

from yett.policy.sql.atoms import (
    FORMS,
    Atom,
    Binary,
    Column,
    CutShort,
    Equal,
    EqualExactly,
    Holds,
    Like,
    Moment,
    OneOf,
    UuidColumn,
    Whole,
)

T = sa.table(
    "t",
    sa.column("a", sa.String),
    sa.column("n", sa.Integer),
    sa.column("b", sa.Boolean),
    sa.column("u", sa.Uuid),
    sa.column("d", sa.DateTime(timezone=True)),
)
X = sa.literal("x", sa.Text())


def written(atom, dialect):
    return str(atom.compile(dialect=dialect.dialect(), compile_kwargs={"literal_binds": True}))


@pytest.mark.parametrize(
    ("atom", "on_sqlite", "on_postgresql"),
    [
        (
            Equal(Column(T.c.a), X),
            "(t.a = ('x' COLLATE \"BINARY\"))",
            "(t.a = 'x' AND (CAST(t.a AS TEXT) COLLATE \"C\") = 'x')",
        ),
        (
            EqualExactly(Column(T.c.a), X),
            "(t.a = ('x' COLLATE \"BINARY\"))",
            '((CAST(t.a AS TEXT) COLLATE "C") = (CAST(\'x\' AS TEXT) COLLATE "C"))',
        ),
        (
            OneOf(Column(T.c.a), sa.bindparam(None, ["x", "y"], type_=sa.Text(), expanding=True)),
            "((t.a COLLATE \"BINARY\") IN ('x', 'y'))",
            "(t.a IN ('x', 'y') AND (CAST(t.a AS TEXT) COLLATE \"C\") IN ('x', 'y'))",
        ),
        (
            Like(Column(T.c.a), sa.literal("a*"), sa.literal("a%")),
            "(t.a GLOB 'a*')",
            "((CAST(t.a AS TEXT) COLLATE \"C\") LIKE 'a%%' ESCAPE '!')",
        ),
        (CutShort(Column(T.c.a)), "(instr(CAST(t.a AS BLOB), x'00') > 0)", "(false)"),
        (Whole(Column(T.c.n)), "(typeof(t.n) = 'integer')", "(true)"),
        (Binary(Column(T.c.b)), "(typeof(t.b) = 'integer' AND t.b IN (0, 1))", "(true)"),
        (Holds(Column(T.c.b)), "(t.b = 1)", "(t.b IS true)"),
        (UuidColumn(T.c.u), "replace(lower(t.u), '-', '')", "t.u"),
    ],
)
def test_a_test_is_written_for_each_database(atom, on_sqlite, on_postgresql):
    """What is right on one is another text on the other."""
    assert written(atom, sqlite) == on_sqlite
    assert written(atom, postgresql) == on_postgresql
    with pytest.raises(CompileError, match=f"`{type(atom).__name__}` for the database `mysql`"):
        written(atom, mysql)
    assert str(atom)  # without a database it is printed


def test_a_moment_has_no_form_in_sqlite():
    """Its texts carry no zone."""
    with pytest.raises(CompileError, match="no exact form of `Moment`"):
        written(Moment(T.c.d), sqlite)
    assert written(Moment(T.c.d), postgresql) == "t.d"


def test_every_atom_has_forms():
    """What is not in the table would be refused at each call."""

    def below(kind):
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    assert {one.__name__ for one in below(Atom)} - {one.__name__ for one in FORMS} == {"Test"}


def test_values_take_part_in_statement_caches():
    """Two statements that differ in a value share one compilation and not the value."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        for value in ("x", "y"):
            test = Equal(sa.literal("x", sa.Text()), sa.literal(value, sa.Text()))
            assert connection.scalar(sa.select(test)) is (value == "x")
