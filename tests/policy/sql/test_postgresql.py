"""The same rules on a real PostgreSQL: citext, enumerated types, times with zones, UUIDs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from kit.rows import SCHEMA, Booking, caller, decide, model_of, shown, slice_of
from kit.rules import Writer, slices_of
from msgspec import structs
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from yett.contract.model import PolicyText
from yett.policy.authz.model import Shape
from yett.policy.cedar.json_in import read_value
from yett.policy.cedar.model import Entity, Inputs, Uid
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.slices import make_slices
from yett.policy.cedar.types import Attribute, EntityType, Plain, Reference
from yett.policy.cedar.values import make_datetime
from yett.policy.sql.columns import Model
from yett.policy.sql.filter import make_filter, make_plan

TEXT = PolicyText("p.cedar", "")
SEEDS = 60
NOW = 1_800_000_000


def test_generated_rules_show_the_rows_that_they_permit(postgresql, table):
    """SQL and rules agree on each row, on a database with collations and types of its own."""
    for seed in range(1000, 1000 + SEEDS):
        policies = Writer(seed).policies()
        slice_ = slices_of(policies)
        if slice_ is not None:
            permitted = {row["id"] for row in table if decide(slice_, caller(), row)}
            found = shown(postgresql, make_filter(make_plan(slice_, model_of()), caller()))
            assert found == permitted, policies


class Base(DeclarativeBase):
    pass


class Stay(Base):
    __tablename__ = "stays"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    owner: Mapped[uuid.UUID]
    name: Mapped[str] = mapped_column(CITEXT)
    loose: Mapped[str] = mapped_column(CITEXT)
    begins: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    ends: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


MOMENT = Plain("datetime")
STAY = (
    Attribute("owner", Reference("User")),
    Attribute("name", Plain("String")),
    Attribute("loose", Plain("String")),
    Attribute("begins", MOMENT),
    Attribute("ends", MOMENT, required=False),
)
ACTION = structs.replace(SCHEMA.actions["listBookings"], id="listStays", resources=("Stay",))
STAYS = structs.replace(
    SCHEMA,
    entities={**SCHEMA.entities, "Stay": EntityType(name="Stay", attributes=STAY)},
    actions={**SCHEMA.actions, "listStays": ACTION},
)
STAY_SHAPE = Shape(type="Stay", key=("id",), attributes=tuple((a, (a.name,)) for a in STAY))
ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=0xABC)
MICROSECOND = timedelta(microseconds=1)
BEGIN = datetime.fromtimestamp(NOW, UTC)


# The extension citext, of which the wheel has no files: the type and its `=`, in SQL.
CITEXT_EXTENSION = """
create type citext;
create function citextin(cstring) returns citext as 'textin' language internal immutable strict;
create function citextout(citext) returns cstring as 'textout' language internal immutable strict;
create type citext (input = citextin, output = citextout, internallength = variable,
                    storage = extended, category = 'S', collatable = true);
create cast (citext as text) without function as implicit;
create cast (citext as varchar) without function as implicit;
create cast (text as citext) without function as assignment;
create cast (varchar as citext) without function as assignment;
create function citext_eq(citext, citext) returns bool
    return lower($1::text) = lower($2::text);
create operator = (leftarg = citext, rightarg = citext, function = citext_eq);
"""


@pytest.fixture(scope="module")
def stays(postgresql):
    with postgresql.begin() as connection:
        connection.exec_driver_sql(CITEXT_EXTENSION)
    Base.metadata.create_all(postgresql)
    found = []
    for number, shift in enumerate((-1000, -999, -1, 0, 1, 999, 1000, 1001)):
        begins = BEGIN + shift * MICROSECOND
        found.append(
            {
                "id": uuid.UUID(int=number),
                "owner": ONE if number % 2 else TWO,
                "name": ("a", "A", "é", "É")[number % 4],
                "loose": ("a", "a", "ss", "SS")[number % 4],
                "begins": begins,
                "ends": None if number % 3 else begins + 500 * MICROSECOND,
            }
        )
    found.append(
        {
            **found[0],
            "id": uuid.UUID(int=77),
            "begins": datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
        }
    )
    with postgresql.begin() as connection:
        connection.execute(sa.insert(Stay), found)
    return found


def stay_of(row):
    json = {"owner": str(row["owner"]), "name": row["name"], "loose": row["loose"]}
    json |= {name: row[name].isoformat() for name in ("begins", "ends") if row[name] is not None}
    attrs = {a.name: read_value(a.type, json[a.name]) for a in STAY if a.name in json}
    return Entity(Uid("Stay", str(row["id"])), attrs)


@pytest.mark.parametrize(
    "condition",
    [
        "resource.begins < context.now",
        "resource.begins <= context.now",
        "resource.begins > context.now",
        "context.now <= resource.begins",
        "resource.begins == context.now",
        "resource.begins != context.now",
        'resource.begins == datetime("1969-12-31T23:59:59.999Z")',
        "resource has ends && resource.ends <= context.now",
        "resource has ends && resource.ends == resource.begins",
        "resource has ends && resource.begins < resource.ends",
        'resource has ends && resource.ends < context.now.offset(duration("1ms"))',
        "[context.now].contains(resource.begins)",
        "resource.owner == principal",
        'resource.owner != User::"00000000-0000-0000-0000-000000000abc"',
        'resource.owner == User::"00000000-0000-0000-0000-000000000ABC"',
        'resource.owner == User::"nobody"',
        'resource in [Stay::"00000000-0000-0000-0000-000000000001", Stay::"x"]',
        'resource.name == "a"',
        'resource.name == "É"',
        '["A", "x"].contains(resource.name)',
        'resource.name like "a*"',
        "resource.name == resource.loose",
        'resource.loose == "a"',
        'resource.loose != "ss"',
        'resource.loose like "*s"',
        '["A", "ss"].contains(resource.loose)',
    ],
)
def test_what_the_type_hides_is_not_hidden(postgresql, stays, condition):
    """Microseconds are cut as the JSON's are; citext does not widen a rule."""
    policy = f'@id("r") permit(principal, action, resource is Stay) when {{ {condition} }};'
    rules, flaws = read_rules((structs.replace(TEXT, text=policy),), STAYS)
    assert not flaws
    slice_ = make_slices(rules, STAYS, engine="compiled")["listStays"]
    who = caller(str(ONE), context={"now": make_datetime(NOW)})
    plan = make_plan(slice_, Model(Stay, STAY_SHAPE, STAYS))
    with postgresql.connect() as connection:
        found = set(connection.scalars(sa.select(Stay.id).where(make_filter(plan, who))))
    permitted = set()
    for row in stays:
        one = stay_of(row)
        asked = Inputs(who.principal, one.uid, who.context, {**who.entities, one.uid: one})
        if slice_.decide(asked).allow:
            permitted.add(row["id"])
    assert found == permitted
    assert len(permitted) < len(stays)


def test_citext_alone_would_widen(postgresql, stays):
    """The column's own `=` finds what is not equal; that is what the tests above are about."""
    with postgresql.connect() as connection:
        loose = sa.select(sa.func.count()).where(Stay.name == sa.cast("a", CITEXT))
        exactly = sum(row["name"] == "a" for row in stays)
        assert connection.scalar(loose) > exactly


def test_sqlite_keeps_no_zone():
    """Where a moment has no zone nothing can be compared with it: refused when it is compiled."""
    policy = '@id("r") permit(principal, action, resource is Stay) when { resource.begins < context.now };'
    rules, _ = read_rules((structs.replace(TEXT, text=policy),), STAYS)
    slice_ = make_slices(rules, STAYS, engine="compiled")["listStays"]
    condition = make_filter(make_plan(slice_, Model(Stay, STAY_SHAPE, STAYS)), caller())
    with pytest.raises(sa.exc.CompileError, match="`Moment` for the database `sqlite`"):
        sa.select(Stay.id).where(condition).compile(dialect=sa.dialects.sqlite.dialect())


def test_an_index_is_used(postgresql):
    """The half of the test without a collation is there for the index."""
    slice_ = slice_of(
        "permit(principal, action, resource) when { resource.customer == principal };"
    )
    condition = make_filter(make_plan(slice_, model_of()), caller())
    text = (
        sa.select(Booking.id)
        .where(condition)
        .compile(postgresql, compile_kwargs={"literal_binds": True})
    )
    with postgresql.connect() as connection:
        connection.exec_driver_sql("set enable_seqscan = off")
        plan = "\n".join(connection.exec_driver_sql(f"explain {text}").scalars())
    assert "ix_bookings_customer_id" in plan
