"""Schemas of OpenAPI 3.0, 3.1 and 3.2 mean the same once they are 2020-12."""

from __future__ import annotations

import json

import pytest

from yett.contract.places import Source
from yett.contract.report import Report
from yett.policy.dialect import BASE64_PATTERN, Dialect
from yett.policy.model import BodyRead
from yett.policy.notes import Notes
from yett.policy.rules import SCHEMA_VALUE


def restate(schema, version="3.0"):
    report = Report()
    restated = Dialect(version, Notes(report, Source())).restate(schema)
    return restated, [remark.rule for remark in report.remarks]


@pytest.mark.parametrize(
    ("version", "schema", "expected"),
    [
        ("3.0", {"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            "3.0",
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            "3.0",
            {"allOf": [{"type": "string"}], "nullable": True},
            {"anyOf": [{"type": "null"}, {"allOf": [{"type": "string"}]}]},
        ),
        ("3.0", {"nullable": True}, {}),
        ("3.1", {"type": "string", "nullable": True}, {"type": "string"}),
        ("3.0", {"$ref": "#/a", "maxLength": 3}, {"$ref": "#/a"}),
        ("3.1", {"$ref": "#/a", "maxLength": 3}, {"$ref": "#/a", "maxLength": 3}),
        ("3.0", {"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ("3.0", {"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ("3.1", {"exclusiveMinimum": 1}, {"exclusiveMinimum": 1}),
        (
            "3.0",
            {"type": "integer", "format": "int32"},
            {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1},
        ),
        (
            "3.1",
            {"type": "integer", "format": "int64", "minimum": 0},
            {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**63 - 1},
        ),
        ("3.0", {"type": "string", "format": "int64"}, {"type": "string", "format": "int64"}),
        (
            "3.0",
            {"type": "string", "format": "byte"},
            {"type": "string", "format": "byte", "pattern": BASE64_PATTERN},
        ),
        (
            "3.0",
            {"type": "string", "format": "binary", "maxLength": 3},
            {"type": "string", "format": "binary"},
        ),
        ("3.1", {"$dynamicRef": "#n"}, {"$ref": "#n"}),
        ("3.1", {"maxLength": 3.0}, {"maxLength": 3}),
        (
            "3.1",
            {"dependencies": {"a": ["b"], "c": {"type": "object"}}},
            {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"type": "object"}}},
        ),
        (
            "3.1",
            {"title": "t", "example": 1, "examples": [1], "x-a": 1, "$id": "q", "default": 1},
            {},
        ),
        ("3.0", {"x-yett-text": "html"}, {"x-yett-text": "html"}),
    ],
)
def test_restated(version, schema, expected):
    """Each keyword that changed its name or form keeps its meaning; annotations go."""
    found, rules = restate(schema, version)
    assert found == expected
    assert rules == []


@pytest.mark.parametrize(
    "schema",
    [
        {"minimum": "9.22e18"},
        {"maximum": True},
        {"maxLength": -1},
        {"multipleOf": 0},
        {"enum": []},
        {"required": "a"},
        {"pattern": 5},
        {"uniqueItems": "yes"},
        {"minItems": 1.5},
        {"maximum": float("inf")},
    ],
)
def test_meaningless_limits_are_said(schema):
    """A limit with an impossible value is dropped with a warning, as OpenAI's document needs."""
    found, rules = restate(schema, "3.1")
    assert found == {}
    assert rules == [SCHEMA_VALUE]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "file"},
        {"type": []},
        {"items": [{}]},
        {"properties": {"a": 1}},
        {"allOf": []},
        {"not": "a"},
        {"$ref": 5},
    ],
)
def test_broken_structure_is_an_error(schema):
    """Structure that cannot be read is an error: dropping it would open the schema."""
    _, rules = restate(schema, "3.1")
    assert [rule.severity for rule in rules] == ["error"]


@pytest.mark.parametrize(
    ("schema", "accepted", "refused"),
    [
        ({"type": "integer", "format": "int32"}, [2**31 - 1, 1.0], [2**31, 1.5, True, "1"]),
        ({"type": "string", "format": "byte"}, ["", "YQ=="], ["YQ", "a b="]),
        ({"type": "string", "format": "date-time"}, ["2026-01-01T00:00:00Z"], ["2026-01-01"]),
        ({"type": "string", "format": "uuid"}, ["2f1f7a48-3b53-4b0d-8d3c-0d1e5a6f7a11"], ["x"]),
        ({"enum": [1]}, [1], [True, "1"]),
        ({"type": "integer"}, [10**30], [0.5, "10"]),
    ],
)
def test_formats_and_types_hold(schema, accepted, refused, new_body):
    """Formats are checked, booleans are no integers, big integers are exact."""
    read = new_body(schema, version="3.0")
    for value in accepted:
        assert isinstance(read(json.dumps(value).encode()), BodyRead)
    for value in refused:
        assert not isinstance(read(json.dumps(value).encode()), BodyRead)


def test_read_only(new_body):
    """A `readOnly` property may not be sent, and is not missed, wherever it is declared."""
    components = {
        "Id": {"type": "integer", "readOnly": True},
        "Base": {
            "properties": {"id": {"$ref": "#/components/schemas/Id"}, "n": {"type": "string"}},
            "required": ["id", "n"],
        },
    }
    schema = {"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["id"]}]}
    for version in ("3.0", "3.1"):
        read = new_body(schema, components=components, version=version)
        assert isinstance(read({"n": "x"}), BodyRead)
        assert read({"n": "x", "id": 1}).code == "unknown"
        assert read({}).code == "missing"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"required": ["a", "b", "a"]}, {"required": ["a", "b"]}),
        ({"type": ["string", "null", "string"]}, {"type": ["string", "null"]}),
        ({"dependentRequired": {"a": ["b", "b"]}}, {"dependentRequired": {"a": ["b"]}}),
        ({"maxLength": 3.0}, {"maxLength": 3}),
    ],
)
def test_what_is_said_twice_is_said_once(schema, expected, new_body):
    """A name given twice means no more, and must not refuse a whole contract."""
    assert restate(schema, "3.1") == (expected, [])
    assert new_body(schema) is not None


@pytest.mark.parametrize("keyword", ["minimum", "maxLength", "multipleOf"])
def test_a_number_beyond_every_double_is_no_limit(keyword):
    """`1` and 400 zeros: it is dropped with a warning, and nothing overflows."""
    assert restate({keyword: 10**400}, "3.1") == ({}, [SCHEMA_VALUE])
