"""Fields are hidden at their pointers, wherever arrays and maps put them, and nowhere else."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.engine.answers.hiding import LOOK, hide

RECORD = {
    "phone": "+49",
    "age": 7,
    "tags": ["a", "b"],
    "lines": [{"price": 1, "text": "x"}, {"text": "y"}, 3, {"price": "2"}],
    "by": {"de": {"tax": 1}, "fr": {"tax": 2, "x": 1}},
    "*": "star",
}


def hidden(pointer, how="drop"):
    value = copy.deepcopy(RECORD)
    found = hide(value, (pointer,), how)
    assert found == (value != RECORD)
    return value


def test_drop_null_and_mask():
    """The three ways; only text is masked, another type becomes null."""
    assert "phone" not in hidden(("phone",))
    assert hidden(("phone",), "null")["phone"] is None
    assert hidden(("phone",), "mask")["phone"] == "***"
    assert hidden(("age",), "mask")["age"] is None


def test_every_item_and_every_member():
    """A star reaches all, also a member that is really called so."""
    assert hidden(("lines", "*", "price"))["lines"] == [{"text": "x"}, {"text": "y"}, 3, {}]
    assert hidden(("by", "*", "tax"))["by"] == {"de": {}, "fr": {"x": 1}}
    assert hidden(("tags", "*"))["tags"] == []
    assert hidden(("tags", "*"), "mask")["tags"] == ["***", "***"]
    assert hidden(("*",)) == {}


def test_an_index():
    """A position of a tuple is hidden alone, and the others keep theirs."""
    assert hidden(("tags", "0"))["tags"] == [None, "b"]
    assert hidden(("tags", "01"), "null") == RECORD


@pytest.mark.parametrize(
    "pointer",
    [("none",), ("phone", "x"), ("tags", "9"), ("tags", "x"), ("by", "it", "tax"), ("age", "*")],
)
def test_what_is_not_there_is_not_hidden(pointer):
    """Nothing is changed and nothing is said."""
    assert hidden(pointer) == RECORD


@pytest.mark.parametrize("value", [None, 1, "x", [], {}])
def test_other_values_are_left_alone(value):
    """What is no record has no fields."""
    assert hide(copy.deepcopy(value), (("a",), ("a", "*"), ("*", "b")), "drop") is False


VALUES = st.recursive(
    st.none() | st.text(max_size=3) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab*"), inner),
    max_leaves=12,
)


@given(VALUES, st.lists(st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=3)))
def test_looking_finds_what_hiding_would_and_changes_nothing(value, pointers):
    """Mode `observe` asks the same question."""
    pointers = tuple(map(tuple, pointers))
    before = copy.deepcopy(value)
    found = hide(value, pointers, LOOK)
    assert value == before
    assert hide(value, pointers, "drop") == found
    assert hide(value, pointers, "drop") is False
