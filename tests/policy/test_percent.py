"""Percent-encoding is read once and written one way."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.percent import MAX_PAIRS, EncodingError, decode, encode, split_pairs

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.mark.parametrize(
    "text", ["%", "%2", "%zz", "%u0041", "a%", "%ff", "%c0%af", "%ed%a0%80", "%00", "é", "%-1"]
)
def test_refused(text):
    """An escape that is malformed, not UTF-8 or a NUL is refused."""
    with pytest.raises(EncodingError):
        decode(text, plus=True)


def test_once():
    """Decoding happens once: what was encoded twice stays encoded once."""
    assert decode("%2541", plus=False) == "%41"
    assert encode("%41") == "%2541"


def test_plus_is_a_space_in_queries_only():
    """`+` is a space where forms are read, and itself elsewhere."""
    assert decode("a+b", plus=True) == "a b"
    assert decode("a+b", plus=False) == "a+b"


@given(TEXT)
def test_round_trip(text):
    """What is written is read as the same text."""
    assert decode(encode(text), plus=True) == text


@pytest.mark.parametrize(
    ("raw", "pairs", "written"),
    [
        ("a=1&b=2", [("a", "1"), ("b", "2")], "a=1&b=2"),
        ("a", [("a", "")], "a="),
        ("a=&&b=1&", [("a", ""), ("b", "1")], "a=&b=1"),
        ("a=b=c", [("a", "b=c")], "a=b%3Dc"),
        ("a=1;b=2", [("a", "1;b=2")], "a=1%3Bb%3D2"),
        ("a=%41", [("a", "A")], "a=A"),
        ("f%5Bx%5D=1", [("f[x]", "1")], "f%5Bx%5D=1"),
        ("a=%2B+%26", [("a", "+ &")], "a=%2B%20%26"),
        ("=1", [("", "1")], "=1"),
        ("a='", [("a", "'")], "a=%27"),
    ],
)
def test_pairs(raw, pairs, written):
    """A query has one list of pairs, and one way to be written."""
    assert split_pairs(raw) == (pairs, written)


@given(st.lists(st.tuples(TEXT.filter(bool), TEXT)))
def test_canonical_is_a_fixed_point(pairs):
    """Reading the canonical query gives the same pairs and the same text, here and in the stdlib."""
    raw = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
    found, written = split_pairs(raw) if raw else ([], "")
    assert found == pairs
    assert written == raw
    assert parse_qsl(written, keep_blank_values=True) == pairs


def test_bounded():
    """More pairs than the cap are refused."""
    with pytest.raises(EncodingError):
        split_pairs("&".join(["a=1"] * (MAX_PAIRS + 1)))
