"""What schemas of one place declare together, read as the widest that any of them allows."""

from __future__ import annotations

import pytest

from yett.contract.places import Source
from yett.contract.report import Report
from yett.policy.extents import Extent, make_matches
from yett.policy.notes import Notes
from yett.policy.schemas import Schemas


def extent(*nodes, branch=False):
    schemas = Schemas({}, "3.1", Notes(Report(), Source()), hides="writeOnly")
    return Extent(schemas, [(node, branch) for node in nodes], lambda _: [])


def test_names_add_up():
    """Every schema that applies adds its names; what hides one hides it everywhere."""
    found = extent({"properties": {"a": {}}}, {"properties": {"b": {}, "c": {"writeOnly": True}}})
    assert set(found.names) == {"a", "b"}
    assert found.hidden == {"c"}
    assert not found.open
    assert found.extra is None


def test_an_alternative_hides_nothing_of_another():
    """A name that one branch shows is shown; a name that all of them hide is not."""
    shown, hidden = {"properties": {"p": {}}}, {"properties": {"p": {"writeOnly": True}}}
    assert extent({"oneOf": [shown, hidden]}).hidden == set()
    assert extent({"oneOf": [hidden, hidden]}).hidden == {"p"}
    assert extent({"allOf": [hidden], "oneOf": [shown]}).hidden == {"p"}


@pytest.mark.parametrize(
    ("node", "open_"),
    [
        ({}, True),
        (True, True),
        (False, True),
        ({"type": "object"}, True),
        ({"properties": {}}, False),
        ({"additionalProperties": {"type": "string"}}, False),
        ({"anyOf": [{"properties": {"a": {}}}, {}]}, True),
        ({"anyOf": [{"properties": {"a": {}}}, {"type": "object"}]}, True),
        ({"anyOf": [{"properties": {"a": {}}}, {"type": ["object", "null"]}]}, True),
        ({"anyOf": [{"properties": {"a": {}}}, {"type": "string"}]}, False),
        ({"anyOf": [{"properties": {"a": {}}}, {"enum": [None, 1]}]}, False),
        ({"anyOf": [{"properties": {"a": {}}}, {"const": {"x": 1}}]}, False),
        ({"anyOf": [{"properties": {"a": {}}}, {"required": ["b"]}]}, False),
        ({"anyOf": [{"properties": {"a": {}}}, {"items": {}}]}, False),
        ({"properties": {"a": {}}, "anyOf": [{"type": "object"}]}, False),
        ({"patternProperties": {"(?=a)": {}}, "properties": {}}, True),
    ],
)
def test_where_everything_is_kept(node, open_):
    """A place is open where nobody, or an alternative of its own, says anything."""
    assert extent(node).open is open_


def test_what_is_not_named():
    """`additionalProperties` keeps what is not named: looked into, or as it is."""
    inner = {"properties": {"k": {}}}
    assert extent({"properties": {}, "additionalProperties": inner}).extra == [(inner, False)]
    assert extent({"properties": {}, "additionalProperties": True}).extra == []
    assert extent({"properties": {}, "unevaluatedProperties": inner}).extra == [(inner, False)]
    assert extent({"properties": {}, "additionalProperties": False}).extra is None
    either = {
        "properties": {},
        "anyOf": [{"additionalProperties": True}],
        "additionalProperties": inner,
    }
    assert extent(either).extra == []


def test_items():
    """Each position has what describes it; an alternative that says nothing keeps any item."""
    one, two = {"properties": {"a": {}}}, {"properties": {"b": {}}}
    found = extent({"prefixItems": [one], "items": two})
    assert (found.prefix, found.rest) == ([[(one, False)]], [(two, False)])
    assert extent({"prefixItems": [one]}).rest is None
    assert extent({"anyOf": [{"items": one}, {"type": "array"}]}).rest is None


def test_patterns_run_in_linear_time():
    """A pattern that backtracks elsewhere answers at once for a name that a client chose."""
    assert make_matches("^(a+)+$")("a" * 100_000 + "!") is False
