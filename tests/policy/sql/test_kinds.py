"""Columns whose values are not those of the service's JSON are of no kind."""

from __future__ import annotations

import enum
import uuid

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql as pg

from yett.policy.cedar.types import Plain, Record, Reference, SetOf
from yett.policy.sql.kinds import Kind, as_integer, as_uuid, fitting, kind_of


class Named(enum.Enum):
    a = "x"


class Kept(enum.StrEnum):
    a = "a"
    b = "b"


class Plainly(sa.types.TypeDecorator):
    impl = sa.String
    cache_ok = True


class Secretly(Plainly):
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and value[::-1]


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (sa.String(), Kind.TEXT),
        (sa.Text(), Kind.TEXT),
        (sa.String(collation="NOCASE"), Kind.TEXT),
        (pg.CITEXT(), Kind.TEXT),
        (Plainly(), Kind.TEXT),
        (sa.Enum("a", "b"), Kind.NAMES),
        (sa.Enum(Kept), Kind.NAMES),
        (sa.Enum(Kept, native_enum=False), Kind.NAMES),
        (pg.ENUM("a", name="x"), Kind.NAMES),
        (sa.Uuid(), Kind.UUID),
        (pg.UUID(), Kind.UUID),
        (sa.Integer(), Kind.INTEGER),
        (sa.BigInteger().with_variant(sa.Integer(), "sqlite"), Kind.INTEGER),
        (sa.Boolean(), Kind.BOOLEAN),
        (sa.DateTime(timezone=True), Kind.MOMENT),
        (sa.TIMESTAMP(timezone=True), Kind.MOMENT),
    ],
)
def test_what_is_kept_as_it_is_shown_has_a_kind(type_, kind):
    """The usual columns are what they seem."""
    assert kind_of(type_) is kind


@pytest.mark.parametrize(
    "type_",
    [
        sa.Enum(Named),  # keeps "a", shows "x"
        sa.CHAR(3),  # keeps "a  "
        sa.String().with_variant(sa.CHAR(3), "postgresql"),
        sa.String().with_variant(sa.Integer(), "sqlite"),
        Secretly(),
        sa.Numeric(),
        sa.Float(),
        sa.DateTime(),  # of which zone?
        sa.Date(),
        sa.Interval(),
        sa.JSON(),
        pg.JSONB(),
        pg.ARRAY(sa.String),
        pg.INET(),
        sa.LargeBinary(),
        sa.PickleType(),
        sa.types.NullType(),
    ],
    ids=repr,
)
def test_what_is_kept_in_another_form_has_none(type_):
    """A test of the kept form would be of another value than the one that is shown."""
    assert kind_of(type_) is None


def test_a_cedar_type_fits_some_kinds():
    """Sets and records have no column, ids may be texts or integers."""
    assert fitting(Plain("String")) == (Kind.TEXT, Kind.NAMES, Kind.UUID)
    assert fitting(Plain("Long")) == (Kind.INTEGER,)
    assert Kind.INTEGER in fitting(Reference("User"))
    for none in (Plain("ipaddr"), SetOf(Plain("String")), Record(())):
        assert fitting(none) == ()


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_canonical_integer_is_read(number):
    """`1` is 1."""
    assert as_integer(str(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "01",
        "+1",
        " 1",
        "1 ",
        "-0",
        "1.0",
        "1e3",
        "0x1",
        "\u0661",
        "²",
        "--1",
        str(2**63),
        "9" * 5000,
    ],
)
def test_other_texts_name_no_integer(text):
    """`01`, ` 1` and an Arabic digit are other ids than `1`, and no row's."""
    assert as_integer(text) is None


def test_only_a_canonical_uuid_is_read():
    """Braces, capitals and missing hyphens make another id."""
    one = uuid.uuid4()
    assert as_uuid(str(one)) == one
    for text in (str(one).upper(), one.hex, f"{{{one}}}", f"urn:uuid:{one}", "", "x"):
        assert as_uuid(text) is None or text == str(one)
