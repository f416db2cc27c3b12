"""References stay in the document and end."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.pointers import Document, RefError

ROOT = {
    "a": {"b/c": 1, "d~e": 2, "{x}": 3, "é": 4, "list": [5, {"f": 6}]},
    "anchored": {"$anchor": "here", "v": 7},
    "dynamic": {"$dynamicAnchor": "there"},
    "twice": [{"$anchor": "two"}, {"$anchor": "two"}],
    "loop": {"$ref": "#/pool"},
    "pool": {"$ref": "#/loop"},
}


@pytest.mark.parametrize(
    ("ref", "value"),
    [
        ("#", ROOT),
        ("#/a/b~1c", 1),
        ("#/a/d~0e", 2),
        ("#/a/%7Bx%7D", 3),
        ("#/a/%C3%A9", 4),
        ("#/a/list/0", 5),
        ("#/a/list/1/f", 6),
        ("#here", ROOT["anchored"]),
        ("#there", ROOT["dynamic"]),
    ],
)
def test_resolved(ref, value):
    """Pointers are unescaped and percent-decoded, anchors are found."""
    assert Document(ROOT).resolve(ref) == value


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "other.json",
        "http://x/#/a",
        "file:///etc/passwd",
        "#/nope",
        "#/a/list/9",
        "#/a/list/-1",
        "#/a/list/01x",
        "#/a/list/-",
        "#/a/%zz",
        "#/a/%ff",
        "#missing",
        "#two",
        "#/a/b~1c/deeper",
        "#/a/list/" + "9" * 5000,
    ],
)
def test_refused(ref):
    """What leaves the document, dangles or is ambiguous is an error that names it."""
    with pytest.raises(RefError):
        Document(ROOT).resolve(ref)


def test_circles_end():
    """References that refer to each other for ever are an error."""
    with pytest.raises(RefError, match="circle"):
        Document(ROOT).follow(ROOT["loop"])


def test_deep_documents_are_indexed_without_the_stack():
    """100,000 levels are walked when an anchor is looked for."""
    deep: dict = {"$anchor": "end"}
    for _ in range(100_000):
        deep = {"a": deep}
    document = Document(deep)
    assert document.resolve("#end") == {"$anchor": "end"}
    while deep.get("a"):  # taken apart by hand: freeing it would recurse
        deep = deep.pop("a")


@given(st.text())
def test_any_reference(ref):
    """Any text resolves or is a RefError."""
    with contextlib.suppress(RefError):
        Document(ROOT).resolve("#" + ref)
