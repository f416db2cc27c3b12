"""Emitted documents are small, closed where they are used, and mean the same to two engines."""

from __future__ import annotations

import jsonschema
import pytest

from yett.contract.places import Source
from yett.contract.report import Report
from yett.policy.bundle import Bundle
from yett.policy.notes import Notes
from yett.policy.schemas import Schemas

SCHEMAS = {
    "Node": {
        "type": "object",
        "properties": {"v": {"type": "integer"}, "next": {"$ref": "#/components/schemas/Node"}},
    },
    "Choice": {
        "anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}],
    },
    "Both": {"allOf": [{"$ref": "#/components/schemas/Node"}, {"properties": {"w": {}}}]},
}


@pytest.fixture
def bundle():
    return Bundle(Schemas({"components": {"schemas": SCHEMAS}}, "3.1", Notes(Report(), Source())))


def emitted(bundle, name, *, closed=True):
    site = bundle.site({"$ref": f"#/components/schemas/{name}"}, closed=closed)
    bundle.drain()
    return site


def test_one_definition_per_place(bundle):
    """A schema used twice, and by itself, is emitted once."""
    assert emitted(bundle, "Node") == emitted(bundle, "Node") == {"$ref": "#/$defs/k0"}
    node = bundle.defs["k0"]
    assert node["additionalProperties"] is False
    assert node["properties"]["next"] == {"$ref": "#/$defs/k0"}


def test_dynamic_places_are_behind_a_reference(bundle):
    """What is closed dynamically is a definition of its own, which the validator remembers."""
    name = emitted(bundle, "Choice")["$ref"].rpartition("/")[2]
    assert bundle.defs[name]["unevaluatedProperties"] is False
    assert set(bundle.dynamic) == {name}


def test_simplified(bundle):
    """A place that must not multiply is closed by all names of its branches."""
    name = emitted(bundle, "Choice")["$ref"].rpartition("/")[2]
    bundle.simplify(name)
    assert "unevaluatedProperties" not in bundle.defs[name]
    assert bundle.defs[name]["properties"] == {"a": True, "b": True}
    assert bundle.defs[name]["additionalProperties"] is False
    assert bundle.dynamic == {}


def test_branches_stay_open(bundle):
    """The definition a branch refers to is not closed: its siblings' names are not its own."""
    name = emitted(bundle, "Both")["$ref"].rpartition("/")[2]
    inner = bundle.defs[name]["allOf"][0]["$ref"].rpartition("/")[2]
    assert "additionalProperties" not in bundle.defs[inner]
    assert bundle.defs[inner]["properties"]["next"]["$ref"].startswith("#/$defs/k")


def test_open(bundle):
    """The open variant closes nothing."""
    for name in SCHEMAS:
        emitted(bundle, name, closed=False)
    assert "additionalProperties" not in str(bundle.defs)
    assert "unevaluatedProperties" not in str(bundle.defs)


def test_a_second_engine_reads_the_same(bundle):
    """Python's jsonschema takes the emitted document for a valid one and agrees on it."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **emitted(bundle, "Both"),
    }
    document["$defs"] = bundle.defs
    jsonschema.Draft202012Validator.check_schema(document)
    check = jsonschema.Draft202012Validator(document)
    assert check.is_valid({"v": 1, "w": 2, "next": {"v": 1}})
    assert not check.is_valid({"v": 1, "x": 2})
    assert not check.is_valid({"next": {"w": 1}})
