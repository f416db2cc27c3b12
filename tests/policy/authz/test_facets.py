"""All schemas that speak of one value are asked, and no circle is walked twice."""

from __future__ import annotations

import pytest

from yett.policy.authz.facets import Facets

DOCUMENT = {
    "components": {
        "schemas": {
            "Base": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "integer"}},
            },
            "Tree": {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}},
            "Loop": {"$ref": "#/components/schemas/Loop"},
        }
    }
}
BASE = {"$ref": "#/components/schemas/Base"}


@pytest.fixture
def facets():
    return Facets(DOCUMENT)


def test_a_property_is_found_behind_references_and_branches(facets):
    """`$ref`, `allOf`, `oneOf` and `anyOf` all add to what is known of a value."""
    node = {
        "allOf": [BASE, {"properties": {"a": {"type": "string"}}}],
        "anyOf": [{"properties": {"b": {}}}],
    }
    assert set(facets.names((node,))) == {"id", "a", "b"}
    assert facets.types(facets.at((node,), ("id",)).nodes) == {"integer"}


def test_what_one_branch_requires_is_not_required(facets):
    """Required is only what holds for every value."""
    either = {"oneOf": [BASE, {"type": "object"}]}
    assert not facets.at((either,), ("id",)).required
    assert facets.at((BASE,), ("id",)).required
    assert facets.at(({"oneOf": [BASE]},), ("id",)).required


@pytest.mark.parametrize(
    "inner",
    [
        {"type": ["object", "null"], "required": ["a"], "properties": {"a": {"type": "string"}}},
        {"nullable": True, "required": ["a"], "properties": {"a": {"type": "string"}}},
    ],
)
def test_what_may_be_null_on_the_way_is_not_required(facets, inner):
    """A pointer through a value that may be null may lead nowhere."""
    node = {"required": ["x"], "properties": {"x": inner}}
    assert not facets.at((node,), ("x", "a")).required


def test_constants_have_types(facets):
    """An `enum` or `const` without `type` says which types there are, and whether null is one."""
    assert facets.types(({"enum": ["a", "b"]},)) == {"string"}
    assert facets.types(({"const": True},)) == {"boolean"}
    assert facets.nullable(({"enum": ["a", None]},))
    assert not facets.nullable(({"type": ["string", "null"], "enum": ["a"]},))


def test_items_and_members_are_reached_by_a_star(facets):
    """`*` goes to items, prefix items and the members of an open object."""
    assert facets.at(({"type": "array", "items": BASE},), ("*", "id")) is not None
    assert facets.at(({"prefixItems": [BASE]},), ("*", "id")) is not None
    assert facets.at(({"additionalProperties": BASE},), ("*", "id")) is not None
    assert facets.at(({"type": "array"},), ("*",)) is None


def test_circles_and_dangling_references_end(facets):
    """A schema that refers to itself or to nothing is walked once and says nothing more."""
    assert facets.types(({"$ref": "#/components/schemas/Loop"},)) == frozenset()
    assert facets.at(({"$ref": "#/nowhere"},), ("a",)) is None
    deep = facets.at(({"$ref": "#/components/schemas/Tree"},), ("child",) * 40)
    assert deep is not None


def test_keywords_are_asked_everywhere(facets):
    """Extensions count wherever they stand beside the value."""
    node = {"allOf": [{"x-yett-ref": "User"}, {"readOnly": True}]}
    assert facets.words((node,), "x-yett-ref") == {"User"}
    assert facets.says((node,), "readOnly")
    assert not facets.says((node,), "writeOnly")
