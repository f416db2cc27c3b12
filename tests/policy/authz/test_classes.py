"""Field classes are found wherever they can stand, or refused where they have no end."""

from __future__ import annotations

import pytest

from yett.policy.authz.classes import EndlessClassError, class_pointers
from yett.policy.authz.facets import Facets

PII = {"type": "string", "x-yett-class": "pii"}


def test_properties_items_and_branches_are_walked():
    """Classes behind arrays, open objects, references and alternatives have their pointers."""
    document = {"components": {"schemas": {"Person": {"properties": {"phone": PII}}}}}
    person = {"$ref": "#/components/schemas/Person"}
    node = {
        "properties": {
            "owner": person,
            "others": {"type": "array", "items": person},
            "by_name": {"additionalProperties": person},
            "either": {"oneOf": [person, {"type": "null"}]},
        }
    }
    assert class_pointers(Facets(document), (node,)) == {
        "pii": (
            ("by_name", "*", "phone"),
            ("either", "phone"),
            ("others", "*", "phone"),
            ("owner", "phone"),
        )
    }


def test_a_whole_object_can_carry_a_class():
    """The label of an object is a pointer of its own."""
    node = {"properties": {"card": {"type": "object", "x-yett-class": "money", "properties": {}}}}
    assert class_pointers(Facets({}), (node,)) == {"money": (("card",),)}


def test_a_class_without_end_is_refused():
    """A class inside a schema that contains itself has no finite set of pointers: it would leak."""
    tree = {"properties": {"phone": PII, "child": {"$ref": "#/t"}}}
    with pytest.raises(EndlessClassError, match="pii"):
        class_pointers(Facets({"t": tree}), (tree,))


def test_a_circle_without_classes_is_fine():
    """What repeats without a class is of no interest."""
    tree = {"properties": {"child": {"$ref": "#/t"}}}
    node = {"properties": {"tree": tree, "phone": PII}}
    assert class_pointers(Facets({"t": tree}), (node,)) == {"pii": (("phone",),)}


def test_a_hostile_schema_is_walked_in_bounded_time():
    """Properties that branch into themselves many times over do not multiply without end."""
    wide = {"properties": {f"p{n}": {"$ref": "#/t"} for n in range(30)}}
    assert class_pointers(Facets({"t": wide}), (wide,)) == {}


def test_a_class_in_the_last_of_many_branches_is_found():
    """However many alternatives a schema has, none of them is left out."""
    branches = [{"properties": {f"p{n}": {"type": "string"}}} for n in range(1_000)]
    for at in (0, 999):
        branches[at] = {"properties": {f"p{at}": PII}}
    assert set(class_pointers(Facets({}), ({"oneOf": branches},))["pii"]) == {("p0",), ("p999",)}
