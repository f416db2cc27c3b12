"""Schemas, keyword by keyword: what accepts or shows more, and what does not."""

from __future__ import annotations

import pytest

from yett.review.spec_schemas import MAX_DEPTH, Shelf, compare_schemas, types

STRING = {"type": "string"}


def found(old, new, *, sent=True, documents=({}, {})):
    return [(f.rule.id, f.message) for f in compare_schemas(documents, (old, new), (), sent=sent)]


LOOSENED = [
    ({"maxLength": 3}, {"maxLength": 4}, "`maxLength` was `3` and is now `4`"),
    ({"maxLength": 3}, {}, "`maxLength` was `3` and is gone"),
    ({"minimum": 3}, {"minimum": 2}, "`minimum` was `3` and is now `2`"),
    ({"exclusiveMaximum": 3}, {"exclusiveMaximum": 4}, "`exclusiveMaximum` was `3` and is now `4`"),
    ({"exclusiveMinimum": 3}, {}, "`exclusiveMinimum` was `3` and is gone"),
    (
        {"maximum": 3, "exclusiveMaximum": True},
        {"maximum": 3},
        "`exclusiveMaximum` was `true` and is gone",
    ),
    ({"pattern": "a"}, {}, "`pattern` is gone"),
    ({"format": "uuid"}, {}, "`format` is gone"),
    ({"enum": ["a"]}, {"enum": ["a", "b"]}, "`enum` also has `b`"),
    ({"enum": ["a"]}, {}, "`enum` is gone"),
    ({"type": "integer"}, {"type": "number"}, "also `number` is accepted"),
    ({"type": "string"}, {"type": ["string", "null"]}, "also `null` is accepted"),
    ({"type": "string"}, {"type": "string", "nullable": True}, "also `null` is accepted"),
    ({"type": "string"}, {}, "a value of any type is accepted"),
    ({"required": ["a", "b"]}, {"required": ["a"]}, "no longer required: `b`"),
    ({"items": STRING}, {}, "`items` is gone"),
    (STRING, True, "anything is accepted"),
]
NARROWED = [
    ({"maxLength": 4}, {"maxLength": 3}),
    ({}, {"pattern": "a", "not": {}}),
    ({"enum": ["a", "b"]}, {"enum": ["a"]}),
    ({"enum": ["a", "b"]}, {"const": "a"}),
    ({"type": "number"}, {"type": "integer"}),
    ({"exclusiveMaximum": 3}, {"maximum": 2}),
    ({"additionalProperties": True}, {"additionalProperties": False}),
    ({}, {"allOf": [STRING]}),
    (True, STRING),
    (STRING, False),
    ({"uniqueItems": False}, {}),
]


@pytest.mark.parametrize(("old", "new", "message"), LOOSENED)
def test_what_accepts_more(old, new, message):
    """Each keyword that got wider or went away is named; an answer that promises less is not."""
    assert found(old, new) == [("schema-loosened", message)]
    assert found(old, new, sent=False) == []


@pytest.mark.parametrize(("old", "new"), NARROWED)
def test_what_accepts_less(old, new):
    """A narrower schema is no finding."""
    assert found(old, new) == []


def test_what_is_not_compared_is_said():
    """Another pattern, or another number of branches, is for a person."""
    assert found({"pattern": "a"}, {"pattern": "b"}) == [
        ("schema-changed", "`pattern` is another one")
    ]
    assert found({"oneOf": [STRING]}, {"oneOf": [STRING, {}]}) == [
        ("schema-changed", "`oneOf` has other branches")
    ]
    assert (
        found({"oneOf": [{"maxLength": 1}]}, {"oneOf": [{"maxLength": 2}]})[0][0]
        == "schema-loosened"
    )


def properties(**named):
    return {"type": "object", "properties": named}


def test_marks():
    """`readOnly` matters in requests, `writeOnly` in answers, a class in both."""
    old = properties(a={**STRING, "readOnly": True}, b={**STRING, "writeOnly": True})
    new = properties(a=STRING, b=STRING)
    assert found(old, new) == [("read-only-lost", "`a` is no longer `readOnly`")]
    assert found(old, new, sent=False) == [("write-only-lost", "`b` is no longer `writeOnly`")]
    was, now = properties(a={"x-yett-class": "pii"}), properties(a={"x-yett-class": "money"})
    message = "`a` was in the class `pii` and is now in `money`"
    assert found(was, now) == found(was, now, sent=False) == [("class-lost", message)]


def test_fields():
    """Undeclared fields let in, and declared ones added; a `readOnly` one is not written."""
    closed, opened = {"additionalProperties": False}, {"additionalProperties": True}
    assert found(closed, opened)[0][0] == "fields-opened"
    assert found({}, opened)[0][0] == "fields-opened"
    assert found({}, {"patternProperties": {"^x": STRING}})[0][0] == "fields-opened"
    assert found(properties(), properties(a=STRING)) == [("field-added", "`a` is accepted")]
    assert found(properties(), properties(a={"readOnly": True})) == []
    assert found(properties(), properties(a=STRING), sent=False) == [
        ("field-added", "`a` is shown")
    ]


def test_references_are_followed_with_the_words_beside_them():
    """A mark beside a `$ref` counts; so does a change behind the same `$ref`; circles end."""
    ref = {"$ref": "#/a"}
    before = {"a": properties(x={"maxLength": 1}, me=ref)}
    after = {"a": properties(x={"maxLength": 2}, me=ref)}
    assert found(ref, ref, documents=(before, after)) == [
        ("schema-loosened", "`maxLength` was `1` and is now `2`")
    ]
    marked = {**ref, "readOnly": True}
    assert found(properties(p=marked), properties(p=ref), documents=(before, before))[0][0] == (
        "read-only-lost"
    )
    loop = {"a": ref}
    assert found(ref, ref, documents=(loop, loop)) == []
    gone = {"$ref": "#/nowhere", "maxLength": 3}
    assert Shelf({}).follow(gone, ("p",)) == (gone, ("p",))


def test_places_are_those_of_new():
    """A finding points behind a reference, where the line is."""
    document = {"a": properties(x=STRING)}
    old = {"a": properties(x={**STRING, "maxLength": 3})}
    (one,) = compare_schemas((old, document), ({"$ref": "#/a"}, {"$ref": "#/a"}), ("p",), sent=True)
    assert one.pointer == ("a", "properties", "x")


def test_depth_is_bounded():
    """Hostile nesting ends."""
    old, new = {"maxLength": 1}, {"maxLength": 2}
    for _ in range(MAX_DEPTH * 2):
        old, new = {"items": old}, {"items": new}
    assert found(old, new) == []


def test_types():
    """`number` has the integers in it."""
    assert types({"type": "number"}) == {"number", "integer"}
    assert types({"nullable": True}) == frozenset()
