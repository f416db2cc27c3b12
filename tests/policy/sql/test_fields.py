"""A field knows where it is missing, as SQLite means it and as SQL does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from kit.rows import caller, model_of, slice_of
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from yett.policy.cedar.types import Plain, Reference
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import make_field, make_many
from yett.policy.sql.filter import make_filter, make_plan
from yett.policy.sql.kinds import Kind

T = sa.table("t", sa.column("a", sa.String), sa.column("n", sa.Integer), sa.column("j", sa.JSON))


def test_a_nullable_column_is_missing_where_it_is_null():
    """And so is one that should not be: tables drift from their models. It has `has` everywhere."""
    field = make_field(("a",), Plain("String"), T.c.a, nullable=True)
    assert str(field.missing) == "t.a IS NULL"
    assert str(field.present) == "t.a IS NOT NULL"
    field = make_field(("a",), Plain("String"), T.c.a, nullable=False)
    assert str(field.missing) == "t.a IS NULL"
    assert (field.present, field.kind) == (True, Kind.TEXT)


def test_another_type_is_refused():
    """The error names the column's type and what is needed."""
    with pytest.raises(FilterError, match=r"`n` is kept as `Integer\(\)`; needed is: text"):
        make_field(("n",), Plain("String"), T.c.n, nullable=False)
    with pytest.raises(FilterError, match="`resource` is kept as `JSON"):
        make_field((), Reference("User"), T.c.j, nullable=False)


def test_many_are_asked_for_some():
    """`has` of a constant makes no query."""
    many = make_many(("tags",), Plain("String"), sa.select(T.c.a))
    assert many.has(condition=False) is False
    assert str(many.has(condition=True)).startswith("EXISTS (SELECT t.a")


class Base(DeclarativeBase):
    pass


class Loose(Base):
    __tablename__ = "bookings"
    id: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[int]
    pub: Mapped[bool]
    title: Mapped[str]


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("resource.amount > 5", "'lots'"),
        ("resource.amount > 5", "7.5"),
        ("resource.amount > 5", "x'ff'"),
        ("!resource.pub", "2"),
        ("resource.pub", "2"),
        ("!resource.pub", "'false'"),
        ('resource.title like "*z"', "'a' || char(0) || 'z'"),
        ('!(resource.title like "*z")', "'a' || char(0) || 'z'"),
    ],
)
def test_what_sqlite_keeps_against_its_type_is_hidden(condition, values):
    """'lots' > 5 is true in SQLite, and a NUL ends a text for GLOB: permits lapse, forbids hold."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    Base.metadata.create_all(engine)
    name = condition.partition("resource.")[2].split()[0]
    given = {"id": "'b'", "amount": "9", "pub": "1", "title": "'t'", name: values}
    with engine.begin() as connection:
        columns, texts = ", ".join(given), ", ".join(given.values())
        connection.exec_driver_sql(f"insert into bookings ({columns}) values ({texts})")
    permit = f"permit(principal, action, resource) when {{ {condition} }};"
    forbid = f"forbid(principal, action, resource) when {{ {condition} }};"
    for rules in ((permit,), ("permit(principal, action, resource);", forbid)):
        plan = make_plan(slice_of(*rules), model_of(Loose))
        with engine.connect() as connection:
            statement = sa.select(sa.func.count()).where(make_filter(plan, caller()))
            assert connection.scalar(statement.select_from(Loose)) == 0
