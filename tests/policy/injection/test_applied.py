"""Schemas in place beside a schema: all are found, circles end, dead references promise nothing."""

from __future__ import annotations

import pytest

from yett.policy.injection.applied import Applied

ENUM = {"enum": ["a"]}
ROOT = {"$defs": {"Held": ENUM, "Loop": {"allOf": [{"$ref": "#/$defs/Loop"}]}, "a/b~c": [ENUM]}}


def holds(schema):
    return Applied(ROOT).entails(schema, lambda part: "enum" in part)


@pytest.mark.parametrize(
    "schema",
    [
        ENUM,
        False,
        {"$ref": "#/$defs/Held"},
        {"$ref": "#/$defs/a~1b~0c/0"},
        {"allOf": [{}, ENUM]},
        {"anyOf": [ENUM, {"allOf": [ENUM]}]},
        {"if": {}, "then": ENUM, "else": False},
    ],
)
def test_a_claim_that_follows(schema):
    """One of `allOf`, each of `anyOf`, both branches of `if`: then it holds for every value."""
    assert holds(schema)


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"anyOf": [ENUM, {}]},
        {"anyOf": []},
        {"if": {}, "then": ENUM},
        {"not": ENUM},
        {"$ref": "#/$defs/Loop"},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "#/$defs/a~1b~0c/7"},
        {"$ref": "https://x.example/#/$defs/Held"},
        {"$ref": 5},
    ],
)
def test_a_claim_in_doubt_does_not_hold(schema):
    """A circle, a missing branch and a reference that leads nowhere prove nothing."""
    assert not holds(schema)


def test_every_schema_in_place_is_listed_once():
    """Applicators are followed, subschemas for parts of the value are not."""
    inner = {"properties": {"a": {"title": "part"}}}
    schema = {
        "allOf": [inner, inner, {"$ref": "#/$defs/Loop"}],
        "if": {"title": "if"},
        "dependentSchemas": {"n": {"title": "dependent"}},
    }
    found = Applied(ROOT).parts((schema, True))
    assert found.count(inner) == 1
    assert {part.get("title") for part in found} == {None, "if", "dependent"}
