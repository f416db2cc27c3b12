"""Values worth trying: the rules' own, what is beside them, and the edges of each type."""

from __future__ import annotations

import pytest
from kit.cedar import LONG, PLACE, STRING, U1, expression

from yett.policy.cedar.extensions import Datetime, parse_datetime, parse_ip
from yett.policy.cedar.model import Uid
from yett.policy.cedar.pools import ABSENT, MAX_POOL_VALUES, Pools, constants
from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf
from yett.policy.cedar.values import RecordValue, make_set


def test_constants_of_an_expression():
    """Literals of any depth, what constructors make of them, and texts that patterns match."""
    found = constants(
        expression(
            'context.a == 5 || context.b like "x*y" || context.c in User::"u1"'
            ' || context.d > datetime("2020-01-01") || ip("nonsense") == ip("::1")'
        )
    )
    assert {5, "xy", "xxy", U1, parse_datetime("2020-01-01"), parse_ip("::1")} <= set(found)


def test_numbers_are_tried_on_both_sides():
    """A limit is tried at it, just below and just above, within 64 bits."""
    values = Pools([5, 2**63 - 1, Datetime(10)], []).values(LONG)
    assert {4, 5, 6, 2**63 - 2, 2**63 - 1, -(2**63)} <= set(values)
    assert 2**63 not in values
    moments = Pools([Datetime(10)], []).values(Plain("datetime"))
    assert {Datetime(9), Datetime(10), Datetime(11)} <= set(moments)


@pytest.mark.parametrize(
    "name", ["Bool", "Long", "String", "datetime", "duration", "decimal", "ipaddr"]
)
def test_each_type_has_values_without_any_rule(name):
    """At least two, of that type."""
    values = Pools([], []).values(Plain(name))
    assert len(values) >= 2
    assert len({type(value) for value in values}) == 1


def test_references_are_the_named_ones_and_a_stranger():
    """The principal itself is worth trying as an owner, and somebody else."""
    pools = Pools([Uid("Role", "staff")], [U1])
    assert pools.values(Reference("User")) == [U1, Uid("User", "somebody-else")]
    assert pools.uids("Role") == [Uid("Role", "staff"), Uid("Role", "somebody-else")]


def test_sets_and_records():
    """Empty, single and full sets; records with one change at a time, absent members among them."""
    pools = Pools(["a"], [])
    sets = pools.values(SetOf(STRING))
    assert make_set([]) in sets
    assert make_set(["a"]) in sets
    records = pools.values(PLACE)
    assert RecordValue({"city": "a"}) in records
    assert pools.choices(Attribute("x", STRING, required=False))[-1] is ABSENT
    assert ABSENT not in pools.choices(Attribute("x", STRING))


def test_pools_are_bounded():
    """Neither many constants nor deep types make many values."""
    deep = STRING
    for _ in range(20):
        deep = Record((Attribute("a", SetOf(deep)), Attribute("b", deep, required=False)))
    pools = Pools([str(n) for n in range(1000)], [Uid("User", str(n)) for n in range(1000)])
    assert len(pools.values(STRING)) == MAX_POOL_VALUES
    assert len(pools.uids("User")) == MAX_POOL_VALUES
    assert len(pools.values(deep)) <= MAX_POOL_VALUES
