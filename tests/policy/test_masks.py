"""Secrets in bodies: found wherever a schema says so, covered, whatever the value does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.contract.model import MediaType
from yett.policy.masks import COVER, make_mask

PASSWORD = {"type": "string", "format": "password"}
DOCUMENT = {
    "components": {
        "schemas": {
            "Pin": {"type": "string", "writeOnly": True},
            "Node": {
                "properties": {
                    "name": {"type": "string"},
                    "key": {"$ref": "#/components/schemas/Pin"},
                    "children": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/Node"},
                    },
                }
            },
            "Anchored": {"$anchor": "word", **PASSWORD},
            "Loop": {
                "allOf": [{"$ref": "#/components/schemas/Loop"}, {"properties": {"a": PASSWORD}}]
            },
        }
    }
}


def masked(schema, value, name="application/json"):
    mask = make_mask((MediaType(name="application/json", schema=schema),), DOCUMENT)
    assert mask is not None, "the schema declares a secret"
    return mask(name, value)


@pytest.mark.parametrize(
    ("schema", "value", "wanted"),
    [
        (PASSWORD, "x", COVER),
        ({"properties": {"a": PASSWORD}}, {"a": "x", "b": "y"}, {"a": COVER, "b": "y"}),
        ({"properties": {"a": {"writeOnly": True}}}, {"a": {"b": 1}}, {"a": COVER}),
        ({"properties": {"a": {"$ref": "#/components/schemas/Pin"}}}, {"a": "x"}, {"a": COVER}),
        ({"properties": {"a": {"$ref": "#word"}}}, {"a": "x"}, {"a": COVER}),
        ({"items": PASSWORD}, ["x", 1], [COVER, COVER]),
        ({"prefixItems": [{}, PASSWORD]}, ["x", "y", "z"], ["x", COVER, "z"]),
        ({"additionalProperties": PASSWORD}, {"a": "x"}, {"a": COVER}),
        ({"patternProperties": {"^p": PASSWORD}}, {"pin": "x"}, {"pin": COVER}),
        ({"allOf": [{}, {"properties": {"a": PASSWORD}}]}, {"a": 1}, {"a": COVER}),
        ({"oneOf": [{"properties": {"a": {}}}, {"properties": {"a": PASSWORD}}]}, {"a": 1},
         {"a": COVER}),
        ({"anyOf": [{"type": "integer"}, PASSWORD]}, 7, COVER),
        ({"if": {}, "then": {"properties": {"a": PASSWORD}}}, {"a": 1}, {"a": COVER}),
        ({"$ref": "#/components/schemas/Loop"}, {"a": 1, "b": 2}, {"a": COVER, "b": 2}),
        ({"$ref": "#/components/schemas/Node"},
         {"name": "n", "key": "k", "children": [{"key": "k", "children": [{"name": "m"}]}]},
         {"name": "n", "key": COVER, "children": [{"key": COVER, "children": [{"name": "m"}]}]}),
    ],
)  # fmt: skip
def test_a_secret_is_covered_wherever_it_is_declared(schema, value, wanted):
    """By its own schema, by reference, in arrays, maps and any alternative."""
    assert masked(schema, value) == wanted


@pytest.mark.parametrize(
    "schema",
    [None, True, False, {}, {"type": "string"}, {"format": "date"}, {"writeOnly": False},
     {"properties": {"a": {"writeOnly": "yes"}}}, {"properties": []}, {"$ref": 7},
     {"$ref": "#/components/schemas/Nobody"}, {"items": [PASSWORD]}],
)  # fmt: skip
def test_without_secrets_there_is_no_mask(schema):
    """What declares none is shown as it is, and its digest covers its bytes."""
    assert make_mask((MediaType(name="application/json", schema=schema),), DOCUMENT) is None


def test_a_type_of_a_range_meets_every_schema():
    """A body that `*/*` took is covered by whatever any media type calls secret."""
    assert masked({"properties": {"a": PASSWORD}}, {"a": 1}, "text/x") == {"a": COVER}


def test_parameters_of_a_media_type_do_not_hide_its_schema():
    """`application/json; charset=utf-8` of the contract is `application/json` of the request."""
    media = MediaType(name="application/json; charset=utf-8", schema={"items": PASSWORD})
    assert make_mask((media,), DOCUMENT)("application/json", ["x"]) == [COVER]


def test_too_much_is_covered_whole(monkeypatch):
    """A body that would cost too long to look through shows nothing."""
    monkeypatch.setattr("yett.policy.masks.MAX_WALK", 50)
    assert masked({"items": {"properties": {"a": PASSWORD}}}, [{"a": 1}] * 100) == COVER


tree = st.recursive(
    st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abpin"), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(tree)
def test_everything_else_is_left_as_it_is(value):
    """Only what is secret is covered; shape and other values stay."""
    schema = {"$defs": {}, "properties": {"p": PASSWORD}}
    made = masked(schema, value)
    if isinstance(value, dict):
        assert made == {k: COVER if k == "p" else v for k, v in value.items()}
    else:
        assert made == value
