"""A schema, a model of it, rows that databases read in more ways than one, and a caller."""

from __future__ import annotations

import enum
import itertools
import random
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from yett.contract.model import PolicyText
from yett.policy.authz.model import Shape
from yett.policy.cedar.model import Entity, Inputs, Slice, Uid
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.slices import make_slices
from yett.policy.cedar.types import (
    ActionType,
    Attribute,
    EntityType,
    Plain,
    Record,
    Reference,
    Schema,
    SetOf,
)
from yett.policy.cedar.values import RecordValue, make_datetime, make_set
from yett.policy.sql.columns import Model
from yett.policy.sql.filter import make_filter, make_plan

STRING, LONG, BOOL = Plain("String"), Plain("Long"), Plain("Bool")
USER, TEAM = Reference("User"), Reference("Team")

CONTEXT = (
    Attribute("now", Plain("datetime")),
    Attribute("secure", BOOL),
    Attribute("auth_age", LONG, required=False),
    Attribute("seen", BOOL, required=False),
)
BOOKING = (
    Attribute("customer", USER),
    Attribute("assignee", USER, required=False),
    Attribute("team", TEAM),
    Attribute("title", STRING),
    Attribute("depot", STRING, required=False),
    Attribute("amount", LONG),
    Attribute("score", LONG, required=False),
    Attribute("pub", BOOL),
    Attribute("flag", BOOL, required=False),
    Attribute("status", STRING),
    Attribute("tags", SetOf(STRING)),
    Attribute(
        "address", Record((Attribute("city", STRING), Attribute("zip", STRING, required=False)))
    ),
    Attribute("secret", STRING, required=False),
)
POINTERS = {"customer": ("customer_id",), "assignee": ("assignee_id",), "team": ("team_id",)}
SCHEMA = Schema(
    entities={
        "User": EntityType(
            name="User",
            attributes=(
                Attribute("depots", SetOf(STRING)),
                Attribute("level", LONG),
                Attribute("nick", STRING, required=False),
                Attribute("dept", STRING, required=False),
            ),
            parents=("Role", "Team"),
        ),
        "Service": EntityType(name="Service"),
        "Team": EntityType(name="Team", parents=("Team",)),
        "Role": EntityType(name="Role", members=("staff", "admin")),
        "Booking": EntityType(name="Booking", attributes=BOOKING),
    },
    actions={
        "listBookings": ActionType(
            id="listBookings",
            groups=("read",),
            principals=("User",),
            resources=("Booking",),
            context=CONTEXT,
        ),
        "read": ActionType(id="read"),
    },
)
SHAPE = Shape(
    type="Booking",
    key=("id",),
    attributes=tuple((one, POINTERS.get(one.name, (one.name,))) for one in BOOKING),
)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    dept: Mapped[str | None]


class Member(Base):
    """The closure: a user and each team it is in, of any depth."""

    __tablename__ = "members"
    user_id: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(primary_key=True)


class Status(enum.StrEnum):
    open = "open"
    closed = "closed"


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(index=True)
    assignee_id: Mapped[int | None]
    team_id: Mapped[str]
    title: Mapped[str]
    depot: Mapped[str | None]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    score: Mapped[int | None]
    pub: Mapped[bool]
    flag: Mapped[bool | None]
    status: Mapped[Status]
    city: Mapped[str]
    zip: Mapped[str | None]

    __yett__: ClassVar[dict[str, Any]] = {
        "tags": lambda cls: select(Tag.name).where(Tag.booking_id == cls.id),
        "address.city": lambda cls: cls.city,
        "address.zip": lambda cls: cls.zip,
        "customer.dept": lambda cls: select(User.dept).where(User.id == cls.customer_id),
        "customer in Team": lambda cls: select(Member.team_id).where(
            Member.user_id == cls.customer_id
        ),
    }


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[str] = mapped_column(ForeignKey("bookings.id"), index=True)
    name: Mapped[str | None]


TEXTS = (
    "", "a", "A", "ab", "aB", "é", "e\u0301", "ß", "ss", "SS", "İ", "i\u0307", "😀", "😀a", "a%b",
    "a_b", "a*b", "a?b", "axb", "a[b", "[a]", "a]", "a\\b", "!", "a!b", "%", "_", "a\nb", " a", "a ",
    "\U0010ffff", "a\u202eb", "Ǆ", "ǆ", "'", '"', "a''b", "NULL", "0", "1", "-1",
)  # fmt: skip
IDS = ("u1", "U1", "u2", "ü1", "u\u03081", "1", "2", "01")
NUMBERS = (0, 1, -1, 5, 6, 100, 2**31 - 1, -(2**31))
LONGS = (*NUMBERS, 2**63 - 1, -(2**63), 2**31, 2**53 + 1)
TEAMS = {"t1": (), "t2": ("t1",), "t3": ("t2", "t1"), "T1": ()}
USERS = {
    "u1": ("t3", "t2", "t1"), "U1": ("T1",), "u2": (), "ü1": ("t1",), "1": ("t2", "t1"),
}  # fmt: skip
DEPTS = {"u1": "a%b", "U1": None, "u2": "a", "ü1": "é", "1": ""}


def rows(count: int = 160) -> list[dict[str, Any]]:
    """The same rows each time: every text somewhere, NULLs in every nullable column."""
    chance = random.Random(7)
    texts, longs = itertools.cycle(TEXTS), itertools.cycle(LONGS)
    return [
        {
            "id": f"b{number}" if number % 9 else f"B{number - 1}",
            "customer_id": chance.choice(IDS),
            "assignee_id": chance.choice((None, 1, 2, -1, 0)),
            "team_id": chance.choice(tuple(TEAMS)),
            "title": next(texts),
            "depot": chance.choice((None, *TEXTS)),
            "amount": next(longs),
            "score": chance.choice((None, None, *NUMBERS)),
            "pub": chance.random() < 0.5,
            "flag": chance.choice((None, True, False)),
            "status": chance.choice(("open", "closed")),
            "city": chance.choice(TEXTS),
            "zip": chance.choice((None, *TEXTS)),
            "tags": sorted({chance.choice(TEXTS) for _ in range(chance.randrange(4))}),
        }
        for number in range(1, count + 1)
    ]


def entity_of(row: dict[str, Any]) -> Entity:
    """The row as the rules see it."""
    attrs = {
        "customer": Uid("User", row["customer_id"]),
        "team": Uid("Team", row["team_id"]),
        "tags": make_set(row["tags"]),
        "address": RecordValue(
            {"city": row["city"], **({"zip": row["zip"]} if row["zip"] is not None else {})}
        ),
    }
    if row["assignee_id"] is not None:
        attrs["assignee"] = Uid("User", str(row["assignee_id"]))
    plain = ("title", "depot", "amount", "score", "pub", "flag", "status")
    attrs |= {name: row[name] for name in plain if row[name] is not None}
    return Entity(Uid("Booking", row["id"]), attrs)


def teams_of(user: str) -> frozenset[Uid]:
    return frozenset(Uid("Team", team) for team in USERS.get(user, ()))


def others() -> dict[Uid, Entity]:
    """Users as a join would find them: who is in no table has nothing."""
    return {
        Uid("User", user): Entity(
            Uid("User", user),
            {"dept": dept} if (dept := DEPTS[user]) is not None else {},
            teams_of(user),
        )
        for user in USERS
    }


def caller(user: str = "u1", *, type_: str = "User", **given: Any) -> Inputs:
    """One caller; `inputs.resource` is nobody's."""
    context = {"now": make_datetime(1_800_000_000), "secure": True, **given.pop("context", {})}
    attrs = {
        "depots": make_set(("a", "é", "a%b")),
        "level": 5,
        "nick": "A",
        **given.pop("attrs", {}),
    }
    uid = Uid(type_, user)
    roles = frozenset(Uid("Role", role) for role in given.pop("roles", ("staff",)))
    dept = {"dept": DEPTS[user]} if DEPTS.get(user) is not None else {}
    me = Entity(uid, {**dept, **attrs} if type_ == "User" else {}, roles | teams_of(user))
    return Inputs(uid, Uid("Booking", ""), context, {**others(), uid: me})


def decide(slice_: Slice, who: Inputs, row: dict[str, Any]) -> bool:
    """Decide on one row as the gate does."""
    entity = entity_of(row)
    asked = Inputs(who.principal, entity.uid, who.context, {**who.entities, entity.uid: entity})
    return slice_.decide(asked).allow


def slice_of(*policies: str) -> Slice:
    """Validate and compile rules; flawed ones fail the test."""
    text = "\n".join(f'@id("r{n}") {policy}' for n, policy in enumerate(policies))
    rules, flaws = read_rules((PolicyText("p.cedar", text),), SCHEMA)
    assert not flaws, flaws
    return make_slices(rules, SCHEMA, engine="compiled")["listBookings"]


def model_of(model: Any = Booking, **given: Any) -> Model:
    return Model(model, given.pop("shape", SHAPE), given.pop("schema", SCHEMA), **given)


def where(*policies: str, who: Inputs | None = None, model: Any = Booking) -> Any:
    """The condition of some rules for a caller."""
    plan = make_plan(slice_of(*policies), model_of(model))
    return make_filter(plan, who or caller())


def fill(engine: sa.Engine, found: list[dict[str, Any]]) -> None:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(User), [{"id": u, "dept": DEPTS[u]} for u in USERS])
        members = [{"user_id": u, "team_id": t} for u, ts in USERS.items() for t in ts]
        connection.execute(sa.insert(Member), members)
        flat = [{k: v for k, v in row.items() if k != "tags"} for row in found]
        connection.execute(sa.insert(Booking), flat)
        tags = [
            {"booking_id": row["id"], "name": tag} for row in found for tag in (*row["tags"], None)
        ]
        connection.execute(sa.insert(Tag), tags)


def sqlite_with(found: list[dict[str, Any]]) -> sa.Engine:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    fill(engine, found)
    return engine


def shown(engine: sa.Engine, condition: Any) -> set[str]:
    """The ids of the rows that a condition shows."""
    with engine.connect() as connection:
        return set(connection.scalars(select(Booking.id).where(condition)))
