"""Cedar values as z3 sees them: what stands for each type, equality, choice, set membership.

A Long, datetime (ms), duration (ms) or decimal (10^-4) is an integer; an entity is its id, its type
is known; a record is its fields; a set is a z3 array, or its elements where it was written out.
What has no encoding raises `Unsupported`, never a guess. Cedar reference, "Data types".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import z3

from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf, Type

Expr = Any  # a z3 expression: z3 has no types of its own

TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)
TEXT = z3.StringSort()
NEVER = Plain("Never")  # the type of what always errs
BOOL, LONG, STRING = Plain("Bool"), Plain("Long"), Plain("String")
NUMBERS = ("Long", "datetime", "duration", "decimal")
MIN_LONG, MAX_LONG = -(1 << 63), (1 << 63) - 1
MAX_CODE_POINT = 0x2FFFF  # beyond which z3 has no characters
ADDRESS_BITS = 128


class Unsupported(Exception):  # noqa: N818 — it is a verdict, not a fault
    """What the solver cannot be told; the question that needed it is not proved."""


class Term(NamedTuple):
    """An expression: its value where `err` is false, and when its evaluation errs."""

    type: Type
    value: Any
    err: Expr


class Slot(NamedTuple):
    """A field of a record: whether it is there, and its value where it is."""

    present: Expr
    type: Type
    value: Any


class Address(NamedTuple):
    """An ipaddr: 128 bits (of IPv4 the low 32), and a prefix length of 8 bits."""

    v6: Expr
    bits: Expr
    prefix: Expr


class Members(NamedTuple):
    """A set: its elements where they were written out, else an array from element to Bool."""

    elements: tuple[Any, ...] | None
    array: Expr | None


def text(value: str) -> Expr:
    """Return a string literal; z3 has escapes of its own, so backslashes are escaped."""
    if any(ord(char) > MAX_CODE_POINT for char in value):
        raise Unsupported("a character above U+2FFFF")
    return z3.StringVal(value.replace("\\", "\\u{5c}"))


def sort(type_: Type) -> Expr:
    """Return the z3 sort of a type that is one value."""
    match type_:
        case Plain("Bool"):
            return z3.BoolSort()
        case Plain(name) if name in NUMBERS:
            return z3.IntSort()
        case Plain("String") | Reference():
            return TEXT
        case SetOf(element):
            return z3.SetSort(sort(element))
        case _:
            raise Unsupported("a set of addresses or of records")


def any_of(*parts: Expr) -> Expr:
    """Or, with constants folded."""
    kept = [part for part in parts if not z3.is_false(part)]
    if any(z3.is_true(part) for part in kept):
        return TRUE
    return z3.Or(*kept) if len(kept) > 1 else kept[0] if kept else FALSE


def all_of(*parts: Expr) -> Expr:
    """And, with constants folded."""
    kept = [part for part in parts if not z3.is_true(part)]
    if any(z3.is_false(part) for part in kept):
        return FALSE
    return z3.And(*kept) if len(kept) > 1 else kept[0] if kept else TRUE


def negate(part: Expr) -> Expr:
    """Not, with constants folded."""
    return FALSE if z3.is_true(part) else TRUE if z3.is_false(part) else z3.Not(part)


def same(left: Type, one: Any, right: Type, two: Any) -> Expr:
    """Cedar's `==`: false, not an error, between types."""
    match left, right:
        case (SetOf(a), SetOf(b)):
            return _same_sets(a, one, b, two)
        case (Record(), Record()):
            return _same_records(one, two)
        case _ if left != right:
            return FALSE
        case (Plain("ipaddr"), _):
            return all_of(*(_equal(x, y) for x, y in zip(one, two, strict=True)))
        case _:
            return _equal(one, two)


def _equal(one: Expr, two: Expr) -> Expr:
    if z3.is_string_value(one) and z3.is_string_value(two):
        return TRUE if one.as_string() == two.as_string() else FALSE
    return TRUE if one.eq(two) else z3.simplify(one == two)


def _same_records(one: dict[str, Slot], two: dict[str, Slot]) -> Expr:
    parts = []
    for name in {**one, **two}:
        a, b = one.get(name), two.get(name)
        if a is None or b is None:
            parts.append(negate((a or b).present))  # type: ignore[union-attr]  # one of them is
        else:
            equal = same(a.type, a.value, b.type, b.value)
            parts += [_equal(a.present, b.present), any_of(negate(a.present), equal)]
    return all_of(*parts)


def _same_sets(left: Type, one: Members, right: Type, two: Members) -> Expr:
    if one.elements is not None and two.elements is not None:
        return all_of(
            *(contains(right, two, left, element) for element in one.elements),
            *(contains(left, one, right, element) for element in two.elements),
        )
    if NEVER in (left, right):  # the empty set, of any type
        known = left if right == NEVER else right
        return _equal(array(known, one), array(known, two))
    return _equal(array(left, one), array(right, two)) if left == right else FALSE


def array(element: Type, members: Members) -> Expr:
    """Return a set as an array."""
    if members.array is not None:
        return members.array
    if members.elements is None:
        raise Unsupported("a set of addresses or of records")
    built = z3.EmptySet(sort(element))
    for value in members.elements:
        inner = array(element.element, value) if isinstance(element, SetOf) else value
        built = z3.SetAdd(built, inner)
    return built


def contains(element: Type, members: Members, type_: Type, value: Any) -> Expr:
    """Whether a value is in a set of `element`s."""
    if members.elements is not None:
        return any_of(*(same(element, each, type_, value) for each in members.elements))
    if isinstance(type_, SetOf):
        value, type_ = array(type_.element, value), element if type_.element == NEVER else type_
    return z3.IsMember(value, array(element, members)) if element == type_ else FALSE


def choose(when: Expr, type_: Type, one: Any, two: Any) -> Any:
    """If-then-else of two values of one type."""
    match type_:
        case Record(attributes):
            return {each.name: _choose_slot(when, each, one, two) for each in attributes}
        case SetOf(element):
            return Members(None, z3.If(when, array(element, one), array(element, two)))
        case Plain("ipaddr"):
            return Address(*(z3.If(when, a, b) for a, b in zip(one, two, strict=True)))
        case _:
            return z3.If(when, one, two)


def _choose_slot(when: Expr, attribute: Attribute, one: Any, two: Any) -> Slot:
    a, b = one[attribute.name], two[attribute.name]
    value = choose(when, attribute.type, a.value, b.value)
    return Slot(z3.If(when, a.present, b.present), attribute.type, value)


Operator = Callable[[Term, Term], Term]
