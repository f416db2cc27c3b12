"""Bracketed names form one nested value, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.coerce import UNREADABLE, Kind
from yett.policy.deep import MAX_BRACKETS, MAX_ITEMS, insert, shape, split_name

INTEGER = Kind(scalars=("integer",))
PRICE = Kind(scalars=(), fields={"price": INTEGER, "tags": Kind(scalars=(), items=Kind())})
ITEMS = Kind(scalars=(), items=PRICE)


def build(pairs, kind):
    tree = {}
    for name, text in pairs:
        tokens = split_name(name)
        if tokens is None or not insert(tree, tokens[1:], text):
            return UNREADABLE
    return shape(tree, kind)


@pytest.mark.parametrize(
    ("pairs", "kind", "value"),
    [
        ([("f[price]", "1")], PRICE, {"price": 1}),
        ([("f[]", "a"), ("f[]", "b")], Kind(scalars=(), items=Kind()), ["a", "b"]),
        ([("f[0]", "a"), ("f[1]", "b")], Kind(scalars=(), items=Kind()), ["a", "b"]),
        ([("f[0][price]", "1"), ("f[1][price]", "2")], ITEMS, [{"price": 1}, {"price": 2}]),
        ([("f[0][tags][]", "x")], ITEMS, [{"tags": ["x"]}]),
        ([("f[unknown]", "1")], PRICE, {"unknown": "1"}),
    ],
)
def test_read(pairs, kind, value):
    """Members, appended items and counted items are read as the schema means them."""
    assert build(pairs, kind) == value


@pytest.mark.parametrize(
    ("pairs", "kind"),
    [
        ([("f[price]", "x")], PRICE),
        ([("f[price]", "1"), ("f[price]", "2")], PRICE),
        ([("f[price]", "1"), ("f[price][x]", "2")], PRICE),
        ([("f[price][x]", "1"), ("f[price]", "2")], PRICE),
        ([("f[1]", "a")], Kind(scalars=(), items=Kind())),
        ([("f[1]", "a"), ("f[0]", "b")], Kind(scalars=(), items=Kind())),
        ([("f[]", "a"), ("f[0]", "b")], Kind(scalars=(), items=Kind())),
        ([("f[][price]", "1"), ("f[][price]", "1")], ITEMS),
        ([("f[]", "a")], PRICE),
        ([("f[a][]", "b")], PRICE),
    ],
)
def test_refused(pairs, kind):
    """Gaps, mixtures, repetitions and shapes the schema has not are refused."""
    assert build(pairs, kind) is UNREADABLE


@pytest.mark.parametrize(
    "name",
    ["f", "f[", "f]", "[a]", "f[a", "f[a]b", "f[[a]]", "f]a[", "f" + "[a]" * (MAX_BRACKETS + 1)],
)
def test_names(name):
    """A name that is not a word and closed brackets is no bracketed name."""
    assert split_name(name) is None


def test_bounded():
    """Appending ends at the cap."""
    tree = {}
    assert all(insert(tree, [""], "x") for _ in range(MAX_ITEMS))
    assert not insert(tree, [""], "x")


@given(st.lists(st.tuples(st.text("fa01[]", max_size=10), st.text(max_size=2)), max_size=6))
def test_any_names(pairs):
    """Any names give a value or none, never an exception."""
    build(pairs, ITEMS)
