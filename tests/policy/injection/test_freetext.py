"""Which strings of an input are free text, for schemas of every shape."""

from __future__ import annotations

import pytest

from yett.contract.extension_places import TEXT_KINDS
from yett.policy.injection.freetext import CLOSED_FORMATS, Outline
from yett.policy.injection.rules import PROFILES
from yett.policy.injection.spots import Spot
from yett.terms import Mode


def outline(schema, settings=None, *, root=None, mode=Mode.ENFORCE):
    """Compile one schema."""
    return Outline(root or {}, settings or {}).spot((schema,), "", mode)


def free(spot, value, path=""):
    """List the places of the strings that would be scanned."""
    if spot is None:
        return []
    if isinstance(value, str):
        return [path] if spot.mode is not Mode.OFF else []
    found = []
    if isinstance(value, dict):
        for key, item in value.items():
            found += free(spot.fields.get(key, spot.extra), item, f"{path}/{key}")
    if isinstance(value, list):
        for index, item in enumerate(value):
            inner = spot.prefix[index] if index < len(spot.prefix) else spot.items
            found += free(inner, item, f"{path}/{index}")
    return found


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"type": ["number", "null"]},
        {"type": "boolean"},
        {"enum": ["a", "b"]},
        {"const": "a"},
        {"type": "string", "pattern": "^[a-z]+$"},
        {"allOf": [{"type": "string"}, {"enum": ["a"]}]},
        {"anyOf": [{"enum": ["a"]}, {"type": "string", "format": "uuid"}]},
        {"oneOf": [{"const": "a"}, {"const": "b"}]},
        {"if": True, "then": {"enum": ["a"]}, "else": {"const": "b"}},
        {"$ref": "#/$defs/Kind"},
        {"allOf": [{"$ref": "#/$defs/Kind"}, {"description": "x"}]},
        *({"type": "string", "format": name} for name in sorted(CLOSED_FORMATS)),
    ],
)
def test_held_by_the_contract(schema):
    """Enum, const, closed formats, narrow patterns and other types are never scanned."""
    assert outline(schema, root={"$defs": {"Kind": {"enum": ["a"]}}}) is None


@pytest.mark.parametrize(
    "schema",
    [
        {},
        True,
        {"type": "string"},
        {"type": ["string", "null"]},
        {"type": "string", "maxLength": 5},
        {"type": "string", "pattern": "[a-z]"},
        {"type": "string", "pattern": "^.*$"},
        {"type": "string", "format": "email"},
        {"type": "string", "format": "uri"},
        {"type": "string", "format": "regex"},
        {"type": "string", "format": "json-pointer"},
        {"type": "string", "format": "password"},
        {"type": "string", "format": "byte"},
        {"anyOf": [{"enum": ["a"]}, {"type": "string"}]},
        {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        {"if": True, "then": {"enum": ["a"]}},
        {"not": {"enum": ["a"]}},
        {"$ref": "#/$defs/Absent"},
        {"$ref": "https://elsewhere.example/x.json"},
        {"$ref": "#/$defs/Loop"},
    ],
)
def test_free_text(schema):
    """Everything that leaves room for a payload is free text, and so is what is not understood."""
    spot = outline(schema, root={"$defs": {"Loop": {"$ref": "#/$defs/Loop"}}})
    assert free(spot, "x") == [""]


def test_finds_strings_below():
    """Objects, arrays, tuples, maps and members no schema names are walked."""
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "kind": {"enum": ["a"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "ids": {"type": "array", "items": {"type": "string", "format": "uuid"}},
            "pair": {"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "flags": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "by": {"type": "object", "patternProperties": {"^x-": {"type": "string"}}},
            "any": {},
        },
        "unevaluatedProperties": False,
    }
    value = {
        "name": "n", "kind": "a", "tags": ["t"], "ids": ["u"], "pair": ["p", 1], "labels": {"l": "v"},
        "flags": {"f": "v"}, "by": {"x-a": "v"}, "any": {"deep": [{"er": "v"}]}, "undeclared": "v",
    }  # fmt: skip
    assert free(outline(schema), value) == [
        "/name", "/tags/0", "/pair/0", "/labels/l", "/by/x-a", "/any/deep/0/er", "/undeclared",
    ]  # fmt: skip


def test_branches_are_all_followed():
    """A property of any branch is found, and held only if each branch that names it holds it."""
    schema = {
        "oneOf": [
            {"properties": {"a": {"type": "string"}, "b": {"enum": ["x"]}}},
            {"properties": {"a": {"enum": ["x"]}, "b": {"const": "y"}}},
        ],
        "dependentSchemas": {"b": {"properties": {"c": {"type": "string"}}}},
        "then": {"properties": {"d": {"type": "string"}}},
        "if": {},
    }
    assert free(outline(schema), {"a": "", "b": "", "c": "", "d": ""}) == ["/a", "/c", "/d"]


def test_a_scalar_branch_does_not_hide_an_object_branch():
    """A value that may also be an object is walked as one."""
    schema = {"anyOf": [{"enum": ["none"]}, {"properties": {"text": {"type": "string"}}}]}
    assert "/text" in free(outline(schema), {"text": "x"})


def test_recursive_schemas_end():
    """A schema that contains itself compiles to a tree that contains itself."""
    root = {
        "$defs": {
            "Node": {
                "properties": {
                    "note": {"type": "string"},
                    "kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                    "both": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                }
            }
        }
    }
    value: dict = {"note": "x"}
    for _ in range(200):
        value = {"kids": [value]}
    assert len(free(outline({"$ref": "#/$defs/Node"}, root=root), value)) == 1


def test_references_with_escapes_and_indexes():
    """Pointers with `~1`, `~0` and array indexes resolve as RFC 6901 says."""
    root = {"$defs": {"a/b~c": [{"enum": ["x"]}]}}
    assert outline({"$ref": "#/$defs/a~1b~0c/0"}, root=root) is None


def test_settings_hold_for_everything_below():
    """A mode is set for a place and what lies under it, `*` standing for items and other names."""
    schema = {
        "properties": {
            "items": {"type": "array", "items": {"properties": {"note": {"type": "string"}}}},
            "extra": {"type": "object"},
            "name": {"type": "string"},
        }
    }
    spot = outline(schema, {"/items/*/note": Mode.OBSERVE, "/extra": Mode.OFF})
    assert isinstance(spot, Spot)
    assert spot.fields["extra"] is None
    assert spot.fields["items"].items.fields["note"].mode is Mode.OBSERVE
    assert spot.fields["name"].mode is Mode.ENFORCE


def test_a_deeper_setting_wins_over_off():
    """What is off above may be on below."""
    schema = {"properties": {"a": {"properties": {"b": {"type": "string"}}}}}
    spot = outline(schema, {"/a": Mode.OFF, "/a/b": Mode.ENFORCE})
    assert free(spot, {"a": {"b": "x", "c": "y"}}) == ["/a/b"]


def test_settings_that_name_nothing_are_reported():
    """A typing error in a pointer does not pass for a setting."""
    made = Outline({}, {"/nmae": Mode.OFF})
    made.spot(({"properties": {"name": {"type": "string"}}},), "", Mode.ENFORCE)
    assert made.unused() == ("/nmae",)


def test_profiles_are_inherited_and_the_strictest_wins():
    """`x-yett-text` holds for what lies below; where branches differ, the stricter kind counts."""
    schema = {
        "x-yett-text": "code",
        "properties": {
            "a": {"type": "string"},
            "b": {"anyOf": [{"x-yett-text": "code"}, {"x-yett-text": "plain"}]},
            "c": {"type": "string", "x-yett-text": "off"},
        },
    }
    spot = outline(schema)
    assert spot.fields["a"].profile == "code"
    assert spot.fields["b"].profile == "plain"
    assert spot.fields["c"] is None


def test_an_unknown_profile_loosens_nothing():
    """The contract knows the same kinds of text and refuses others; one that came by is plain."""
    assert (*PROFILES, "off") == TEXT_KINDS
    assert outline({"type": "string", "x-yett-text": "htlm"}).profile == "plain"
    assert outline({"type": "string", "x-yett-text": ["off"]}).profile == "plain"
