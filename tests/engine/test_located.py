"""Ids in a request: the checked value, in one form, or none."""

from __future__ import annotations

import pytest
from kit.engine import operation

from yett.engine.located import MAX_PLACES, make_finder, make_gatherer, places, pointer_text
from yett.policy.authz.model import Located

IN_PATH = operation(template="/shops/{shop}/things/{id}")


class Asked:
    """The part of an exchange that ids are looked for in."""

    def __init__(self, arguments=(), parsed=None, **values):
        self.arguments = arguments
        self.parsed = parsed
        self.values = values


def find(where, x, name="id", pointer=(), op=IN_PATH):
    return make_finder(Located(where, name, pointer), op)(x)


def test_a_path_parameter_is_found_by_its_name():
    """Its place in the template tells, not its place in the list of parameters."""
    x = Asked(("s", "7"), path={"shop": "s", "id": 7})
    assert find("path", x) == "7"
    assert find("path", x, "shop") == "s"
    assert find("path", x, "other") is None


@pytest.mark.parametrize(
    ("segment", "read", "id_"),
    [
        ("7", 7, "7"),
        ("x-1", "x-1", "x-1"),
        ("-0", 0, None),
        (".7", 7, None),
        ("1.0", 1.0, None),
        ("a,b", ["a", "b"], None),
        ("true", True, None),
        ("x" * 600, "x" * 600, None),
    ],
)
def test_an_id_of_the_path_is_the_segment_that_goes_on(segment, read, id_):
    """Where the schema reads something else from it, the service may read a third."""
    assert find("path", Asked(("s", segment), path={"id": read})) == id_


def test_without_the_rule_on_parameters_the_segment_itself_counts():
    """Rules on records hold also where parameters are not checked."""
    assert find("path", Asked(("s", "7"))) == "7"
    assert find("path", Asked(())) is None


@pytest.mark.parametrize(("value", "id_"), [(7, "7"), ("a", "a"), ([7], None), (True, None)])
@pytest.mark.parametrize("where", ["query", "header", "cookie"])
def test_other_parameters_are_taken_as_they_were_read(where, value, id_):
    """A parameter that is no id names no record."""
    assert find(where, Asked(**{where: {"id": value}})) == id_
    assert find(where, Asked()) is None


def test_an_id_of_the_body_is_found_by_its_pointer():
    """Only in what was parsed."""
    x = Asked(parsed={"booking": {"id": 7}})
    assert find("body", x, "", ("booking", "id")) == "7"
    assert find("body", x, "", ("booking",)) is None
    assert find("body", Asked(), "", ("booking", "id")) is None


def test_no_place_no_id():
    """Lists and new records have no id."""
    assert make_finder(None, IN_PATH)(Asked(("s", "7"))) is None


@pytest.mark.parametrize(
    ("located", "x", "found"),
    [
        (Located("query", "ids"), {"query": {"ids": [1, 2]}}, [("query/ids/0", 1), ("query/ids/1", 2)]),
        (Located("query", "id"), {"query": {"id": "a"}}, [("query/id", "a")]),
        (Located("query", "id"), {}, []),
        (Located("header", "id"), {"header": {"id": None}}, []),
        (Located("path", "id"), {"arguments": ("s", "7")}, [("path/id", "7")]),
        (Located("path", "id"), {"arguments": ("s", "7"), "path": {"id": 8}}, [("path/id", None)]),
        (Located("body", "", ("a", "*")), {"parsed": {"a": [1, None]}}, [("/a/0", 1)]),
    ],
)  # fmt: skip
def test_references_are_gathered(located, x, found):
    """Each with its place; an absent or null one is none, one that is no id stays to be refused."""
    assert make_gatherer(located, IN_PATH)(Asked(**x)) == found


def test_a_star_is_every_item_and_every_member():
    """Schemas with `additionalProperties` label the members of an object."""
    value = {"a": [{"b": 1}, {"c": 2}, 3], "m": {"x": {"b": 4}, "y": {}}}
    assert places(value, ("a", "*", "b")) == [(("a", "0", "b"), 1)]
    assert places(value, ("m", "*", "b")) == [(("m", "x", "b"), 4)]
    assert places(value, ("q", "*")) == []
    assert places(3, ("*",)) == []
    assert places(value, ()) == [((), value)]


def test_too_many_places_are_an_error():
    """The caller refuses; nothing grows without end."""
    with pytest.raises(OverflowError):
        places([0] * (MAX_PLACES + 1), ("*",))


def test_a_pointer_is_written_as_rfc_6901_says():
    """`~` and `/` inside a name are escaped."""
    assert pointer_text(("a/b", "~", "")) == "/a~1b/~0/"
    assert pointer_text(()) == ""
