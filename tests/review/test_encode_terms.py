"""Values as z3 sees them: folding of constants, equality between types, sets."""

from __future__ import annotations

import pytest
import z3

from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf
from yett.review.encode_terms import (
    FALSE,
    NEVER,
    TRUE,
    Members,
    Slot,
    Unsupported,
    all_of,
    any_of,
    array,
    choose,
    contains,
    negate,
    same,
    sort,
    text,
)

STRING, LONG = Plain("String"), Plain("Long")
P = z3.Bool("p")


def test_constants_fold():
    """What is decided is decided without the solver."""
    assert all_of() is TRUE
    assert any_of() is FALSE
    assert all_of(P, FALSE).eq(FALSE)
    assert any_of(P, TRUE).eq(TRUE)
    assert all_of(P, TRUE).eq(P)
    assert negate(negate(FALSE)).eq(FALSE)


def test_types_that_differ_are_not_equal():
    """`==` between types is false, also between entity types of one id."""
    assert same(STRING, text("1"), LONG, z3.IntVal(1)).eq(FALSE)
    assert same(Reference("A"), text("1"), Reference("B"), text("1")).eq(FALSE)
    assert same(Reference("A"), text("1"), Reference("A"), text("1")).eq(TRUE)


def test_records_are_equal_by_field():
    """An absent field is not an empty one."""
    one = {"a": Slot(TRUE, LONG, z3.IntVal(1))}
    more = {**one, "b": Slot(TRUE, LONG, z3.IntVal(2))}
    absent = {**one, "b": Slot(FALSE, LONG, z3.IntVal(2))}
    assert same(Record(()), one, Record(()), more).eq(FALSE)
    assert same(Record(()), one, Record(()), absent).eq(TRUE)


def test_sets_of_what_is_no_one_value_are_their_elements():
    """A set of addresses can be written out, not read."""
    with pytest.raises(Unsupported):
        sort(Plain("ipaddr"))
    with pytest.raises(Unsupported):
        array(Plain("ipaddr"), Members(None, None))
    empty = Members((), None)
    assert same(SetOf(NEVER), empty, SetOf(LONG), empty).eq(TRUE)
    assert contains(LONG, Members((z3.IntVal(1),), None), LONG, z3.IntVal(1)).eq(TRUE)
    assert contains(LONG, Members(None, z3.EmptySet(z3.IntSort())), STRING, text("a")).eq(FALSE)


def test_choice_goes_into_records():
    """If-then-else of records is one of each field."""
    kind = Record((Attribute("a", LONG),))
    one, two = ({"a": Slot(TRUE, LONG, z3.IntVal(n))} for n in (1, 2))
    chosen = choose(TRUE, kind, one, two)
    assert z3.simplify(chosen["a"].value).as_long() == 1


@pytest.mark.parametrize("value", ["", "a", "\\u{41}", "é\n", "\U0001f600"])
def test_texts_keep_their_characters(value):
    """A backslash is a backslash, not an escape of z3."""
    assert z3.simplify(z3.Length(text(value))).as_long() == len(value)


def test_a_character_that_z3_lacks_is_refused():
    """Above U+2FFFF there is no text."""
    with pytest.raises(Unsupported):
        text("\U000e0001")
