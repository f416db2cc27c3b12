"""`like` matches as Cedar does, in time that no text can stretch."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.model import Uid
from yett.policy.cedar.patterns import make_match


def matches(pattern, text):
    return make_match([None if c == "*" else c for c in pattern])(text)


@given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
def test_wildcards_stand_for_any_text(pattern, text):
    """The same texts match as of the regular expression."""
    expected = re.fullmatch("".join(".*" if c == "*" else c for c in pattern), text, re.DOTALL)
    assert matches(pattern, text) == bool(expected)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("a*a", "a", False),  # head and tail may not share a character
        ("a*b*a", "aba", True),
        ("*\n*", "a\nb", True),
        ("Abc*", "abc", False),
        ("é*", "e\u0301", False),  # no normalisation
    ],
)
def test_edges(pattern, text, found):
    """Empty texts, overlaps, line breaks, case and normal forms."""
    assert matches(pattern, text) is found


def test_a_star_that_is_meant_is_a_character():
    """An escaped `*` matches only itself."""
    assert make_match(["*"])("*")
    assert not make_match(["*"])("a")


@pytest.mark.parametrize("value", [1, True, Uid("a", "b"), ("a",)])
@pytest.mark.parametrize("pattern", ["a", "*", "a*", "*a*"])
def test_other_types_err(pattern, value):
    """`like` on anything but a string is an error, in every form."""
    with pytest.raises(CedarError):
        matches(pattern, value)


def test_many_wildcards_do_not_backtrack():
    """60 wildcards on 30,000 characters end at once; a regex would not end at all (CWE-1333)."""
    assert not matches("a*" * 60 + "b", "a" * 30_000)
    assert matches("*a" * 60 + "*", "a" * 30_000)
