"""The tag decides which branch must match, and only then what is known."""

from __future__ import annotations

import pytest

from yett.contract.report import Report
from yett.policy.model import BodyRead
from yett.policy.rules import SCHEMA_DISCRIMINATOR
from yett.policy.shapes import compile_shapes
from yett.terms import Mode

COMPONENTS = {
    "Cat": {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "claws": {"type": "boolean"}},
        "required": ["kind"],
    },
    "Dog": {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "bark": {"type": "boolean"}},
        "required": ["kind"],
    },
    "Tagged": {
        "type": "object",
        "properties": {"kind": {"enum": ["t", "u"]}, "t": {}},
        "required": ["kind"],
    },
}


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def choice(*names, kind="oneOf", **rule):
    return {kind: [ref(n) for n in names], "discriminator": {"propertyName": "kind", **rule}}


def verdicts(read, *values):
    return [isinstance(read(value), BodyRead) for value in values]


@pytest.mark.parametrize("kind", ["oneOf", "anyOf"])
@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_names_of_components(kind, version, new_body):
    """Without a mapping the tag is the component's name, and the branch closes its own fields."""
    read = new_body(choice("Cat", "Dog", kind=kind), components=COMPONENTS, version=version)
    assert verdicts(
        read,
        {"kind": "Cat", "claws": True},
        {"kind": "Dog", "bark": True},
        {"kind": "Cat", "bark": True},
        {"kind": "Cow"},
        {"claws": True},
        {"kind": 5},
        [],
    ) == [True, True, False, False, False, False, False]


def test_mapping(new_body):
    """A mapping names the tags, by reference or by name; several may lead to one branch."""
    mapping = {"cat": "#/components/schemas/Cat", "tom": "Cat", "dog": "Dog"}
    read = new_body(choice("Cat", "Dog", mapping=mapping), components=COMPONENTS)
    assert verdicts(
        read,
        {"kind": "cat", "claws": True},
        {"kind": "tom", "claws": True},
        {"kind": "dog", "claws": True},
        {"kind": "Cat"},
    ) == [True, True, False, False]


def test_what_the_branch_declares_wins(new_body):
    """A branch that lists its own tags is found by them (OpenAI's document relies on it)."""
    read = new_body(choice("Cat", "Tagged"), components=COMPONENTS)
    assert verdicts(read, {"kind": "t", "t": 1}, {"kind": "u"}, {"kind": "Tagged"}) == [
        True,
        True,
        False,
    ]


def test_default_mapping(new_body):
    """`defaultMapping` takes what no tag names (OpenAPI 3.2)."""
    read = new_body(
        choice("Cat", "Dog", defaultMapping="Dog"), components=COMPONENTS, version="3.2"
    )
    assert verdicts(read, {"kind": "Cow", "bark": True}, {"kind": "Cow", "claws": True}) == [
        True,
        False,
    ]


def test_tags_that_cannot_be_told_apart(new_body):
    """Two branches with one tag fall back to the plain alternatives."""
    components = {**COMPONENTS, "Other": COMPONENTS["Tagged"] | {"required": ["t", "kind"]}}
    read = new_body(choice("Tagged", "Other", kind="anyOf"), components=components)
    assert verdicts(read, {"kind": "t", "t": 1}, {"kind": "x"}) == [True, False]


def test_inheritance(new_body):
    """A parent whose children repeat it by `allOf` is what its tag says, children closed."""
    components = {
        "Pet": {
            "type": "object",
            "properties": {"kind": {"type": "string"}},
            "required": ["kind"],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"bird": "#/components/schemas/Bird", "pet": "#/components/schemas/Pet"},
            },
        },
        "Bird": {"allOf": [ref("Pet"), {"properties": {"wings": {"type": "integer"}}}]},
    }
    read = new_body({"properties": {"p": ref("Pet")}}, components=components)
    assert verdicts(
        read,
        {"p": {"kind": "bird", "wings": 2}},
        {"p": {"kind": "pet"}},
        {"p": {"kind": "pet", "wings": 2}},
        {"p": {"kind": "bird", "x": 2}},
        {"p": {"kind": "fish"}},
    ) == [True, True, False, False, False]


def test_recursive_branches(new_body):
    """A branch may hold the choice again, to any depth."""
    components = {
        **COMPONENTS,
        "Any": choice("Cat", "Pack"),
        "Pack": {
            "type": "object",
            "properties": {"kind": {}, "all": {"type": "array", "items": ref("Any")}},
        },
    }
    read = new_body(ref("Any"), components=components)
    body = {"kind": "Cat"}
    for _ in range(25):
        body = {"kind": "Pack", "all": [body]}
    assert verdicts(read, body, {"kind": "Pack", "all": [{"kind": "Cat", "all": []}]}) == [
        True,
        False,
    ]


def test_modes(new_body):
    """With unknown fields let by, the tag still decides."""
    read = new_body(choice("Cat", "Dog"), components=COMPONENTS, unknown_fields=Mode.OFF)
    assert verdicts(
        read, {"kind": "Cat", "x": 1}, {"kind": "Cow"}, {"kind": "Cat", "claws": 1}
    ) == [
        True,
        False,
        False,
    ]


def test_mapping_to_nowhere(new_api):
    """A mapping that names no schema is said, and the branches are found by what they declare."""
    api = new_api(choice("Cat", "Tagged", mapping={"x": "gone.json"}), components=COMPONENTS)
    report = Report()
    shapes = compile_shapes(api, report=report)
    assert [remark.rule for remark in report.remarks] == [SCHEMA_DISCRIMINATOR]
    read = shapes["x.op"].body
    assert isinstance(read(b'{"kind":"u"}', b"application/json"), BodyRead)
