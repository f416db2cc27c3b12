"""Tests of `json_out`: what is written means to cedarpy what it means here."""

from __future__ import annotations

import json

from cedarpy import PolicySet, is_authorized
from hypothesis import given
from hypothesis import strategies as st
from kit.cedar import STAFF, STRING, U1, U2

from yett.policy.cedar.extensions import Datetime, Decimal, Duration, IpAddr
from yett.policy.cedar.json_in import read_value
from yett.policy.cedar.json_out import to_json, uid_json, write_entity
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.types import Attribute, Record
from yett.policy.cedar.values import RecordValue, make_set


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
