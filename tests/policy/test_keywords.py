"""The table of keywords knows what a value must be."""

from __future__ import annotations

import jsonschema
import pytest

from yett.policy.keywords import COUNTS, KEYWORDS, STRUCTURAL, Where

GOOD = [
    {"type": ["string", "null"]},
    {"maxLength": 3},
    {"required": []},
    {"items": True},
    {"properties": {"a": {}}},
    {"anyOf": [True]},
    {"dependentRequired": {"a": ["b"]}},
    {"minimum": -1.5},
    {"multipleOf": 0.5},
]
BAD = [
    {"type": "file"},
    {"maxLength": -1},
    {"required": [1]},
    {"items": 5},
    {"properties": []},
    {"anyOf": []},
    {"dependentRequired": {"a": "b"}},
    {"minimum": "1"},
    {"multipleOf": 0},
    {"uniqueItems": 1},
]


@pytest.mark.parametrize("schema", [*GOOD, *BAD])
def test_agrees_with_the_metaschema(schema):
    """What the table takes is what the 2020-12 metaschema takes."""
    (keyword, value), *_ = schema.items()
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        valid = True
    except jsonschema.SchemaError:
        valid = False
    assert KEYWORDS[keyword][1](value) == valid


def test_sorts_of_keywords():
    """Counts are values, structure is whatever holds schemas or types."""
    assert all(KEYWORDS[name][0] is Where.VALUE for name in COUNTS)
    assert {"$ref", "properties", "allOf", "type"} <= STRUCTURAL
    assert "maxLength" not in STRUCTURAL
