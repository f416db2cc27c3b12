"""JSON becomes Cedar values of exactly the type asked for, and nothing is coerced."""

from __future__ import annotations

import json

import pytest
from cedarpy import PolicySet, is_authorized
from hypothesis import given
from hypothesis import strategies as st
from kit.cedar import B1, LONG, PLACE, STAFF, STRING, U1, U2

from yett.policy.cedar.extensions import Datetime, Decimal, Duration, IpAddr, parse_datetime
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf
from yett.policy.cedar.values import (
    RecordValue,
    SetValue,
    ValueMismatch,
    make_datetime,
    make_ipaddr,
    make_set,
    merge,
    read_id,
    read_value,
    to_json,
    uid_json,
    write_entity,
)

MOMENT = Plain("datetime")


@pytest.mark.parametrize(
    ("type_", "given_", "value"),
    [
        (Plain("Bool"), True, True),
        (LONG, 2**63 - 1, 2**63 - 1),
        (STRING, "é", "é"),
        (Reference("User"), "u1", U1),
        (Reference("User"), 1, Uid("User", "1")),
        (Reference("User"), 2**64 - 1, Uid("User", "18446744073709551615")),
        (SetOf(LONG), [1, 1, 2], make_set([1, 2])),
        (PLACE, {"city": "Oban", "zone": None, "more": 1}, RecordValue({"city": "Oban"})),
        (Plain("decimal"), "1.5", Decimal(15_000)),
        (Plain("duration"), "1m", Duration(60_000)),
        (Plain("ipaddr"), "10.0.0.0/8", IpAddr(32, 0x0A000000, 8)),
        (MOMENT, "2026-11-22", parse_datetime("2026-11-22")),
        (MOMENT, "2026-11-22t03:04:05z", parse_datetime("2026-11-22T03:04:05Z")),
        (MOMENT, "2026-11-22 03:04:05.1+01:30", parse_datetime("2026-11-22T03:04:05.100+0130")),
        (MOMENT, "2026-11-22T03:04:05.123999Z", parse_datetime("2026-11-22T03:04:05.123Z")),
    ],
)
def test_json_of_its_type_is_read(type_, given_, value):
    """Each type has its JSON; ids may be integers, nulls in records are absent."""
    assert read_value(type_, given_) == value
    assert type(read_value(type_, given_)) is type(value)


@pytest.mark.parametrize(
    ("type_", "given_"),
    [
        (Plain("Bool"), 1),
        (Plain("Bool"), "true"),
        (LONG, True),
        (LONG, 1.0),
        (LONG, "1"),
        (LONG, 2**63),
        (STRING, 1),
        (STRING, None),
        (STRING, "\ud800"),
        (Reference("User"), True),
        (Reference("User"), 1.5),
        (Reference("User"), None),
        pytest.param(Reference("User"), 10**5000, id="huge"),
        (Reference("User"), {"type": "Role", "id": "admin"}),
        (SetOf(LONG), {"a": 1}),
        (SetOf(LONG), [1, "1"]),
        (PLACE, []),
        (PLACE, {"zone": 1}),
        (PLACE, {"city": None}),
        (MOMENT, "yesterday"),
        (MOMENT, "2026-11-22T03:04:05"),
        (MOMENT, "2026-02-30T03:04:05Z"),
        (MOMENT, "2026-11-22T03:04:60Z"),
        (MOMENT, 1_700_000_000),
        (Plain("decimal"), 1.5),
        (Plain("ipaddr"), "1.2.3"),
        (Plain("duration"), "soon"),
    ],
)
def test_json_of_another_type_is_a_mismatch(type_, given_):
    """What does not fit is refused, never turned into something that fits."""
    with pytest.raises(ValueMismatch):
        read_value(type_, given_)


def test_an_id_is_a_string_or_an_integer():
    """The id of a record is its text, and a JSON integer its digits."""
    assert read_id("7") == read_id(7) == "7"
    with pytest.raises(ValueMismatch):
        read_id(True)


def test_booleans_are_no_integers_inside_sets_and_records():
    """`True == 1` in Python; in Cedar it is not, at any depth."""
    assert make_set([True]) != make_set([1])
    assert set(make_set([True, 1, False, 0])) == {True, False}
    assert len(make_set([True, 1, False, 0]).elements) == 4
    assert RecordValue({"a": True}) != RecordValue({"a": 1})
    assert make_set([make_set([True])]) != make_set([make_set([1])])
    assert RecordValue({"a": make_set([0])}) != RecordValue({"a": make_set([False])})


def test_sets_and_records_are_values():
    """Equal content is equal and hashes alike, whatever the order."""
    assert make_set([1, 2]) == make_set([2, 1, 1])
    assert hash(make_set([1, 2])) == hash(make_set([2, 1]))
    assert RecordValue({"a": 1, "b": 2}) == RecordValue({"b": 2, "a": 1})
    assert hash(RecordValue({"a": 1, "b": 2})) == hash(RecordValue({"b": 2, "a": 1}))
    assert make_set([]) != RecordValue({})
    assert SetValue(frozenset()) == make_set([])
    assert repr(make_set([True, "a"])) == "SetValue([\"'a'\", 'True'])"
    assert repr(RecordValue({"a": 1})) == "RecordValue({'a': 1})"


def test_unix_time_is_cut_to_milliseconds():
    """A moment before 1970 is cut downwards too."""
    assert make_datetime(1.0019) == Datetime(1001)
    assert make_datetime(-0.0001) == Datetime(-1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.2.3.4", IpAddr(32, 0x01020304, 32)),
        ("::ffff:1.2.3.4", IpAddr(32, 0x01020304, 32)),
        ("fe80::1%eth0", IpAddr(128, (0xFE80 << 112) + 1, 128)),
    ],
)
def test_addresses_of_sockets_are_read(text, value):
    """A dual-stack socket's IPv4 is IPv4, or `isInRange` of the office would not hold."""
    assert make_ipaddr(text) == value


def test_an_unnamed_socket_has_no_address():
    """A unix socket's empty name is a mismatch, not an address."""
    with pytest.raises(ValueMismatch):
        make_ipaddr("")


def test_merging_keeps_the_first_ones_attributes():
    """Entities of one uid are one: what both say is said by the first."""
    one = Entity(U1, {"a": 1}, frozenset((STAFF,)), {"t": 1})
    two = Entity(U1, {"a": 2, "b": 3}, frozenset((B1,)), {"t": 2, "u": 3})
    assert merge(one, two) == Entity(U1, {"a": 1, "b": 3}, frozenset((STAFF, B1)), {"t": 1, "u": 3})


def test_entities_are_written_for_cedarpy():
    """All ancestors are written as parents, all values with their escapes."""
    entity = Entity(U1, {"boss": U2}, frozenset((STAFF,)), {"t": Decimal(5)})
    assert write_entity(entity) == {
        "uid": {"type": "User", "id": "u1"},
        "attrs": {"boss": {"__entity": {"type": "User", "id": "u2"}}},
        "parents": [{"type": "Role", "id": "staff"}],
        "tags": {"t": {"__extn": {"fn": "decimal", "arg": "0.0005"}}},
    }
    assert uid_json(U1) == {"type": "User", "id": "u1"}


LEAVES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=5),
    st.builds(Uid, st.just("User"), st.text(max_size=3)),
    st.builds(Datetime, st.integers(-(2**63), 2**63 - 1)),
    st.builds(Duration, st.integers(-(2**63), 2**63 - 1)),
    st.builds(Decimal, st.integers(-(2**63), 2**63 - 1)),
    st.builds(IpAddr, st.just(32), st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.builds(IpAddr, st.just(128), st.integers(0, 2**128 - 1), st.integers(0, 128)),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(make_set),
        st.dictionaries(st.sampled_from(("a", "b", "type", "id")), inner, max_size=3).map(
            RecordValue
        ),
    ),
    max_leaves=6,
)
SAME = PolicySet.from_str("permit(principal, action, resource) when { context.a == context.b };")


@given(VALUES, VALUES)
def test_equality_is_cedars(one, two):
    """Two values are equal here exactly where cedarpy says that their JSON is."""
    uid = {"type": "U", "id": "u"}
    for other in (one, two):
        request = {
            "principal": uid,
            "action": {"type": "Action", "id": "a"},
            "resource": uid,
            "context": json.dumps({"a": to_json(one), "b": to_json(other)}),
        }
        found = is_authorized(request, SAME, "[]")
        assert not found.diagnostics.errors
        assert found.allowed == (type(one) is type(other) and one == other)


def test_a_record_that_looks_like_an_entity_stays_a_record():
    """`{"type": ..., "id": ...}` of an answer is no reference to anybody."""
    shape = Record((Attribute("type", STRING), Attribute("id", STRING)))
    value = read_value(shape, {"type": "Role", "id": "admin"})
    assert type(value) is RecordValue
    assert to_json(value) == {"type": "Role", "id": "admin"}
