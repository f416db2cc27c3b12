"""Literals, patterns and texts, there and back."""

from __future__ import annotations

import pytest
import z3
from cedarpy import pst

from yett.review.encode_terms import Unsupported, text
from yett.review.encode_text import (
    pattern,
    read_address,
    read_datetime,
    read_decimal,
    read_duration,
    read_text,
)


@pytest.mark.parametrize("value", ["", "a\\b", "\\u{41}", "é\U0001f600", '"', "\x00"])
def test_texts_come_back(value):
    """What goes in comes out, character by character."""
    assert read_text(z3.simplify(text(value))) == value


@pytest.mark.parametrize(
    ("words", "matches", "differs"),
    [
        ("a*", ["a", "abc"], ["ba", ""]),
        ("*b*", ["b", "abc"], ["a"]),
        ("*", ["", "x"], []),
        ("", [""], ["a"]),
        ("a", ["a"], ["ab"]),
    ],
)
def test_patterns(words, matches, differs):
    """A star is anything, also nothing; the rest is itself, whatever it means elsewhere."""
    parts = tuple(pst.Wildcard() if c == "*" else pst.Char(c) for c in words)
    for value, expected in [*((m, True) for m in matches), *((d, False) for d in differs)]:
        found = z3.simplify(z3.InRe(text(value), pattern(parts)))
        assert z3.is_true(found) is expected, value


def test_an_escaped_star_is_a_star():
    """An escaped star matches a star only."""
    found = pattern((pst.Char("*"),))
    assert z3.is_true(z3.simplify(z3.InRe(text("*"), found)))
    assert z3.is_false(z3.simplify(z3.InRe(text("a"), found)))


def test_literals():
    """Extension literals are numbers."""
    assert read_datetime("1970-01-02").as_long() == 86_400_000
    assert read_duration("1h").as_long() == 3_600_000
    assert read_decimal("-1.5").as_long() == -15_000
    address = read_address("10.0.0.0/8")
    assert (address.bits.as_long(), address.prefix.as_long()) == (10 << 24, 8)
    assert z3.is_false(address.v6)


@pytest.mark.parametrize("read", [read_datetime, read_duration, read_decimal, read_address])
def test_what_is_no_literal_is_refused(read):
    """A text that Cedar refuses is not given a meaning."""
    with pytest.raises(Unsupported):
        read("no such thing")
