"""Which Cedar type a JSON value has, and which has none."""

from __future__ import annotations

import pytest

from yett.policy.authz.attributes import Untyped, attribute_type
from yett.policy.authz.facets import Facets
from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf

STRING, LONG = Plain("String"), Plain("Long")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, STRING),
        ({"enum": ["a"]}, STRING),
        ({"type": ["string", "null"]}, STRING),
        ({"type": "string", "format": "date-time"}, Plain("datetime")),
        ({"type": "string", "format": "date"}, Plain("datetime")),
        ({"type": "string", "format": "uuid"}, STRING),
        ({"type": "integer"}, LONG),
        ({"type": "boolean"}, Plain("Bool")),
        ({"type": "integer", "x-yett-ref": "User"}, Reference("User")),
        ({"type": "array", "items": {"type": "integer"}}, SetOf(LONG)),
        ({"type": "array", "items": {"x-yett-ref": "User"}}, SetOf(Reference("User"))),
        (
            {
                "type": "object",
                "required": ["a"],
                "properties": {
                    "a": {"type": "string"},
                    "b": {"type": "integer"},
                    "c": {"type": "number"},
                },
            },
            Record((Attribute("a", STRING), Attribute("b", LONG, required=False))),
        ),
    ],
)
def test_json_types_become_cedar_types(schema, expected):
    """Each JSON type that Cedar can say has one Cedar type; fractions are left out of records."""
    assert attribute_type(Facets({}), (schema,)) == expected


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "number"}, "Cedar has no type for a JSON number"),
        ({}, "its schema allows nothing, and Cedar wants one type"),
        (
            {"type": ["string", "integer"]},
            "its schema allows integer, string, and Cedar wants one type",
        ),
        ({"type": "array"}, "its items have no schema"),
        ({"type": "array", "items": {"type": "number"}}, "Cedar has no type for a JSON number"),
        (
            {"allOf": [{"x-yett-ref": "A"}, {"x-yett-ref": "B"}]},
            "its schema allows A, B, and Cedar wants one type",
        ),
    ],
)
def test_what_has_no_type_says_why(schema, reason):
    """A value that Cedar cannot hold is refused with the reason, never guessed."""
    assert attribute_type(Facets({}), (schema,)) == Untyped(reason)


def test_records_nest_to_a_bound():
    """A record inside a record inside a record ends where the bound is: what is deeper is left out."""
    schema = {"type": "string"}
    for _ in range(6):
        schema = {"type": "object", "required": ["a"], "properties": {"a": schema}}
    depth, type_ = 0, attribute_type(Facets({}), (schema,))
    while isinstance(type_, Record) and type_.attributes:
        depth, type_ = depth + 1, type_.attributes[0].type
    assert depth == 3
