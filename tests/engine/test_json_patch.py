"""Which places a JSON Patch touches: never fewer than it changes or tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.engine.json_patch import (
    EVERYTHING,
    MAX_EDITS,
    UNKNOWN,
    Edit,
    put_there,
    read_edits,
    touches,
)
from yett.engine.pointing import MISSING


def one(**operation):
    return read_edits([operation])


def test_the_operations_of_rfc_6902():
    """Each operation becomes the places it reads or writes."""
    assert one(op="add", path="/a", value=1) == (Edit(("a",), 1),)
    assert one(op="add", path="/a/0", value=1) == (Edit(("a", "0"), 1, moves=True),)
    assert one(op="add", path="/a/-", value=1) == (Edit(("a", "-"), 1, moves=True),)
    assert one(op="replace", path="/a/0", value=None) == (Edit(("a", "0"), None),)
    assert one(op="remove", path="/a") == (Edit(("a",), MISSING, moves=True),)
    assert one(op="test", path="/a", value=1) == (Edit(("a",), MISSING, writes=False),)
    assert one(**{"op": "move", "path": "/a", "from": "/b"}) == (
        Edit(("b",), MISSING, moves=True),
        Edit(("a",), UNKNOWN, moves=True),
    )
    assert one(**{"op": "copy", "path": "/a", "from": "/b"}) == (
        Edit(("b",), MISSING, writes=False, moves=True),
        Edit(("a",), UNKNOWN, moves=True),
    )


@pytest.mark.parametrize(
    "patch",
    [
        None,
        {},
        "x",
        [1],
        [{}],
        [{"op": "add", "path": "/a"}],
        [{"op": "add", "value": 1}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "add", "path": 1, "value": 1}],
        [{"op": "Replace", "path": "/a", "value": 1}],
        [{"op": ["add"], "path": "/a", "value": 1}],
        [{"op": "move", "path": "/a"}],
        [{"op": "move", "path": "/a", "from": "b"}],
        [{"op": "test", "path": "/a"}] * (MAX_EDITS + 1),
    ],
)
def test_what_is_malformed_touches_everything(patch):
    """A service that reads it otherwise than the standard cannot be led past a rule by it."""
    assert EVERYTHING in read_edits(patch)
    assert touches(EVERYTHING, ("any", "where"))


@pytest.mark.parametrize(
    ("path", "pointer", "touched"),
    [
        ("/salary", ("salary",), True),
        ("", ("salary",), True),
        ("/SALARY", ("salary",), True),
        ("/about", ("about", "rate"), True),
        ("/about/rate/x", ("about", "rate"), True),
        ("/about/place", ("about", "rate"), False),
        ("/lines/0", ("lines", "*", "price"), True),
        ("/lines/-", ("lines", "*", "price"), True),
        ("/lines/0/text", ("lines", "*", "price"), False),
        ("/a~1b", ("a/b",), True),
        ("/a~01b", ("a~1b",), True),
        ("/a~01b", ("a/b",), False),
        ("/", ("",), True),
        ("/", ("salary",), False),
    ],
)
def test_a_place_is_touched_at_above_and_below(path, pointer, touched):
    """Replacing an object replaces what is in it; names compare without case."""
    assert touches(one(op="remove", path=path)[0], pointer) is touched


def test_what_is_put_at_a_pointer():
    """The value at the place, of what was put above it; unknown below it."""
    whole = one(op="replace", path="/about", value={"rate": 3})[0]
    assert put_there(whole, ("about", "rate")) == 3
    assert put_there(whole, ("about", "x")) is MISSING
    below = one(op="replace", path="/about/rate/x", value=3)[0]
    assert put_there(below, ("about", "rate")) is UNKNOWN
    moved = one(**{"op": "move", "path": "/about", "from": "/b"})[1]
    assert put_there(moved, ("about", "rate")) is UNKNOWN


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda s: st.lists(s) | st.dictionaries(
    st.sampled_from(["op", "path", "from", "value"]), s)))  # fmt: skip
def test_no_patch_breaks_the_reader(patch):
    """Hostile JSON is read as edits, whatever it is."""
    assert all(isinstance(edit, Edit) for edit in read_edits(patch))
