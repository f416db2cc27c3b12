"""Cedar's operators on encoded values: comparison, arithmetic, sets, addresses, moments.

Arithmetic that leaves 64 bits errs. Each operator errs where one of its parts does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import z3
from cedarpy import pst

from yett.policy.cedar.extensions import DAY_MS
from yett.policy.cedar.types import Plain, SetOf, Type
from yett.review.encode_terms import (
    ADDRESS_BITS,
    BOOL,
    FALSE,
    LONG,
    MAX_LONG,
    MIN_LONG,
    NEVER,
    Address,
    Expr,
    Members,
    Term,
    Unsupported,
    all_of,
    any_of,
    array,
    contains,
    negate,
    same,
    sort,
)
from yett.review.encode_text import (
    read_address,
    read_datetime,
    read_decimal,
    read_duration,
)

DATETIME, DURATION, DECIMAL, IPADDR = map(Plain, ("datetime", "duration", "decimal", "ipaddr"))

CONSTRUCTORS: dict[str, tuple[Type, Callable[[str], Any]]] = {
    "datetime": (DATETIME, read_datetime),
    "duration": (DURATION, read_duration),
    "decimal": (DECIMAL, read_decimal),
    "ip": (IPADDR, read_address),
}
COMPARISONS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "less": lambda a, b: a < b,
    "less_eq": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_eq": lambda a, b: a >= b,
    "decimal_less_than": lambda a, b: a < b,
    "decimal_less_eq": lambda a, b: a <= b,
    "decimal_greater": lambda a, b: a > b,
    "decimal_greater_eq": lambda a, b: a >= b,
}
ARITHMETIC: dict[str, tuple[Type, Callable[[Expr, Expr], Expr]]] = {
    "add": (LONG, lambda a, b: a + b),
    "sub": (LONG, lambda a, b: a - b),
    "mul": (LONG, lambda a, b: a * b),
    "offset": (DATETIME, lambda a, b: a + b),
    "duration_since": (DURATION, lambda a, b: a - b),
}
ROUNDED = {  # ms
    "to_milliseconds": 1,
    "to_seconds": 1000,
    "to_minutes": 60_000,
    "to_hours": 3_600_000,
    "to_days": DAY_MS,
}
RANGES = {"is_loopback": ("127.0.0.0/8", "::1/128"), "is_multicast": ("224.0.0.0/4", "ff00::/8")}


def binary(op: str, left: Term, right: Term) -> Term:
    """Apply an operator of two parts, both of which are evaluated."""
    if NEVER in (left.type, right.type):
        return Term(NEVER, None, z3.BoolVal(True))
    err = any_of(left.err, right.err)
    if op in ARITHMETIC:
        kind, compute = ARITHMETIC[op]
        return bounded(kind, compute(left.value, right.value), err)
    return Term(BOOL, _relation(op, left, right), err)


def _relation(op: str, left: Term, right: Term) -> Expr:
    match op:
        case "eq":
            return same(left.type, left.value, right.type, right.value)
        case "not_eq":
            return negate(same(left.type, left.value, right.type, right.value))
        case "contains":
            return contains(_element(left), left.value, right.type, right.value)
        case "contains_all":
            return contains_all(_element(left), left.value, _element(right), right.value)
        case "contains_any":
            return contains_any(_element(left), left.value, _element(right), right.value)
        case "is_in_range":
            return in_range(left.value, right.value)
        case _ if op in COMPARISONS:
            return z3.simplify(COMPARISONS[op](left.value, right.value))
        case _:
            raise Unsupported(f"the operator `{op}`")


def unary(op: str, arg: Term, node: pst.Expr) -> Term:
    """Apply an operator of one part; a constructor needs a literal."""
    if arg.type == NEVER:
        return arg
    if op in CONSTRUCTORS:
        if not isinstance(node, pst.StringLit):
            raise Unsupported(f"`{op}` of what is not a literal")
        kind, read = CONSTRUCTORS[op]
        return Term(kind, read(node.value), FALSE)
    if op == "neg":
        return bounded(LONG, -arg.value, arg.err)
    if op in ROUNDED:
        return Term(LONG, truncated(arg.value, ROUNDED[op]), arg.err)
    if op == "to_date":  # the start of the day, also before 1970
        return bounded(DATETIME, arg.value - arg.value % DAY_MS, arg.err)
    if op == "to_time":
        return Term(DURATION, arg.value % DAY_MS, arg.err)
    return Term(BOOL, _property(op, arg), arg.err)


def _property(op: str, arg: Term) -> Expr:
    match op:
        case "not":
            return negate(arg.value)
        case "is_empty":
            return is_empty(_element(arg), arg.value)
        case "is_ipv4":
            return negate(arg.value.v6)
        case "is_ipv6":
            return arg.value.v6
        case _ if op in RANGES:
            return any_of(*(in_range(arg.value, read_address(each)) for each in RANGES[op]))
        case _:
            raise Unsupported(f"the operator `{op}`")


def bounded(kind: Type, value: Expr, err: Expr) -> Term:
    """Make a number whose evaluation errs where it leaves 64 bits."""
    value = z3.simplify(value)
    outside = z3.simplify(z3.Or(value < MIN_LONG, value > MAX_LONG))
    return Term(kind, value, any_of(err, outside))


def truncated(value: Expr, by: int) -> Expr:
    """Divide towards zero, as Rust does; z3 rounds down."""
    return value if by == 1 else z3.If(value >= 0, value / by, -(-value / by))


def equal(one: Expr, two: Expr) -> Expr:
    """Whether two texts are one."""
    return same(Plain("String"), one, Plain("String"), two)


def contains_all(element: Type, members: Members, kind: Type, wanted: Members) -> Expr:
    """Whether all of `wanted` are in `members`."""
    if wanted.elements is not None:
        return all_of(*(contains(element, members, kind, each) for each in wanted.elements))
    if element == kind or NEVER in (element, kind):
        return z3.IsSubset(array(kind, wanted), array(kind, members))
    return is_empty(kind, wanted)


def contains_any(element: Type, members: Members, kind: Type, wanted: Members) -> Expr:
    """Whether one of `wanted` is in `members`."""
    if wanted.elements is not None:
        return any_of(*(contains(element, members, kind, each) for each in wanted.elements))
    if members.elements is not None:
        return contains_any(kind, wanted, element, members)
    if element != kind:
        return FALSE
    common = z3.SetIntersect(array(element, members), array(kind, wanted))
    return common != z3.EmptySet(sort(element))


def is_empty(element: Type, members: Members) -> Expr:
    """Whether a set has no element."""
    if members.elements is not None:
        return z3.BoolVal(not members.elements)
    return array(element, members) == z3.EmptySet(sort(element))


def in_range(one: Address, two: Address) -> Expr:
    """Whether all of one's addresses are among those of the other."""
    size = z3.If(two.v6, z3.BitVecVal(128, ADDRESS_BITS), z3.BitVecVal(32, ADDRESS_BITS))
    shift = size - two.prefix
    network = z3.LShR(one.bits, shift) == z3.LShR(two.bits, shift)
    return z3.simplify(z3.And(one.v6 == two.v6, z3.UGE(one.prefix, two.prefix), network))


def _element(term: Term) -> Type:
    if not isinstance(term.type, SetOf):
        raise Unsupported("a set operator on what is no set")
    return term.type.element
