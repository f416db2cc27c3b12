"""A constant that a column could not hold is equal to no row; patterns keep their characters."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from yett.policy.cedar.extensions import Datetime
from yett.policy.cedar.model import Uid
from yett.policy.cedar.types import Plain, Reference
from yett.policy.sql.compare import (
    MAX_VALUES,
    equal,
    equal_fields,
    like,
    one_of,
    order,
    order_fields,
)
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import make_field

STRING, LONG, BOOL, MOMENT = (Plain(name) for name in ("String", "Long", "Bool", "datetime"))
USER = Reference("User")


def field(type_, column, name="c"):
    return make_field((name,), type_, sa.column(name, column), nullable=False)


TEXT, NUMBER, FLAG = field(STRING, sa.Text()), field(LONG, sa.Integer()), field(BOOL, sa.Boolean())
NUMBERED, NAMED = field(USER, sa.Integer()), field(USER, sa.Text())
UUIDS, TIME = field(USER, sa.Uuid()), field(MOMENT, sa.DateTime(timezone=True))


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (TEXT, 1),
        (TEXT, True),
        (TEXT, Uid("User", "a")),
        (TEXT, "\ud800"),  # a token's JSON may hold it
        (NUMBER, "1"),
        (NUMBER, True),
        (NUMBER, Datetime(1)),
        (FLAG, 1),
        (FLAG, "true"),
        (NAMED, "u1"),
        (NAMED, Uid("Service", "u1")),
        (NUMBERED, Uid("User", "u1")),
        (NUMBERED, Uid("User", "01")),
        (NUMBERED, Uid("User", str(2**63))),
        (UUIDS, Uid("User", "1")),
        (TIME, 1),
    ],
)
def test_another_value_is_equal_to_nothing(one, value):
    """No coercion: the id `01` is not the integer 1, and `true` is not 1."""
    assert equal(one, value) is False
    assert one_of(one, [value, value]) is False


def test_what_fits_is_bound():
    """Ids of an integer column are integers, those of a text column texts."""
    assert equal(NUMBERED, Uid("User", "7")).right.value == 7
    assert one_of(NAMED, [Uid("User", "a"), Uid("Service", "b")]).clauses.clauses[1].value == "a"
    assert "IN" in str(one_of(NUMBER, [1, 2, 2]))
    assert equal(FLAG, False) is not False


def test_a_statement_takes_so_many_values():
    """A caller in a million groups is refused, not sent half."""
    with pytest.raises(FilterError, match=f"a statement takes {MAX_VALUES}"):
        one_of(NUMBER, range(MAX_VALUES + 1))


def test_order_needs_one_type():
    """Texts have no order in Cedar; moments are compared at their millisecond."""
    assert str(order("less_eq", TIME, Datetime(1000))) == "c < :param_1"
    assert order("less_eq", TIME, Datetime(1000)).right.value.microsecond == 1000
    assert str(order("greater", TIME, Datetime(1000))) == "c >= :param_1"
    for one, value in ((TEXT, "a"), (NUMBER, "a"), (NUMBER, True), (FLAG, True), (TIME, 5)):
        with pytest.raises(FilterError, match="no order"):
            order("less", one, value)
    with pytest.raises(FilterError, match="outside the years 1 to 9999"):
        order("less", TIME, Datetime(10**17))


def test_two_fields_need_one_kind():
    """Two types are never equal; two kinds of one type have no exact test."""
    assert equal_fields(TEXT, NUMBER) is False
    with pytest.raises(FilterError, match="compares what is kept as integer with text"):
        equal_fields(NUMBERED, NAMED)
    assert "date_trunc" in str(equal_fields(TIME, TIME))
    assert equal_fields(FLAG, FLAG) is not False
    with pytest.raises(FilterError, match="no order"):
        order_fields("less", TEXT, TEXT)
    with pytest.raises(FilterError, match="with"):
        order_fields("less", NUMBER, TIME)


@pytest.mark.parametrize(
    ("elements", "glob", "sql_like"),
    [
        (("a", None), "a*", "a%"),
        ((None, "*", "?", "[", "]", None), "*[*][?][[]]*", "%*?[]%"),
        (("%", "_", "!", "\\", None), "%_!\\*", "!%!_!!\\%"),
    ],
)
def test_only_a_wildcard_is_wild(elements, glob, sql_like):
    """What GLOB and LIKE would take for a sign stands for itself."""
    test, _ = like(TEXT, elements)
    _, one, two = test.clauses.clauses
    assert (one.value, two.value) == (glob, sql_like)


def test_patterns_of_what_is_no_text_are_refused():
    """And a NUL, which would end the pattern."""
    with pytest.raises(FilterError, match="kept as UUID"):
        like(UUIDS, ("a", None))
    with pytest.raises(FilterError, match="NUL"):
        like(TEXT, ("\0", None))
    test, missing = like(TEXT, ("a", "b"))
    assert missing is TEXT.missing
    assert test.clauses.clauses[1].value == "ab"
