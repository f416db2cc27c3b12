"""Places in a JSON value, and what is an id."""

from __future__ import annotations

import pytest

from yett.engine.pointing import MISSING, pointed, text_of


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ((), {"a": [{"b": 1}], "": 2, "0": 3}),
        (("a", "0", "b"), 1),
        (("",), 2),
        (("0",), 3),
        (("a", "00", "b"), MISSING),
        (("a", "-1"), MISSING),
        (("a", "-"), MISSING),
        (("a", "1"), MISSING),
        (("a", "\u0660"), MISSING),
        (("a", "9" * 30), MISSING),
        (("a", "0", "b", "c"), MISSING),
        (("x",), MISSING),
    ],
)
def test_pointers_are_followed_strictly(pointer, found):
    """RFC 6901: no negative, padded or foreign index."""
    assert pointed({"a": [{"b": 1}], "": 2, "0": 3}, pointer) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (1, "1"),
        (-1, "-1"),
        (0, "0"),
        ("", None),
        (True, None),
        (1.0, None),
        (None, None),
    ],
)
def test_ids_are_text_or_whole_numbers(value, text):
    """`1` and `"1"` name one record; what is no id names none."""
    assert text_of(value) == text


def test_a_giant_number_is_no_id():
    """Writing it would cost quadratic time, and no service has such ids."""
    assert text_of(10**600) is None
