"""What Cedar's operators do to values; where Cedar's evaluation errs, these raise `CedarError`.

Compiled code calls these where it has no shorter form of its own, constants are folded with them.
`entities` is what is known of the request's entities; a missing one has no attributes, no tags and
no ancestors. Cedar reference, "Operators and functions".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yett.policy.cedar.extensions import (
    DAY_MS,
    CedarError,
    Datetime,
    Decimal,
    Duration,
    IpAddr,
    fit,
    parse_datetime,
    parse_decimal,
    parse_duration,
    parse_ip,
)
from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.values import RecordValue, SetValue, key_of, make_set

Entities = Mapping[Uid, Entity]
NOBODY = Entity(Uid("", ""))


def need(kind: type, value: Value) -> Any:
    """Return `value` if it is of this type."""
    if type(value) is kind:
        return value
    raise CedarError("a value is of another type")


def fail() -> Any:
    """Raise what a constant expression that errs raises each time."""
    raise CedarError("the expression always errs")


# --- comparisons and arithmetic ---


def equal(one: Value, two: Value) -> bool:
    """`==`: values of different types are different, never an error."""
    return type(one) is type(two) and one == two


def less(one: Value, two: Value) -> bool:
    """`<` of Longs, datetimes and durations."""
    kind = type(one)
    if kind is type(two):
        if kind is int:
            return bool(one < two)
        if kind is Datetime or kind is Duration:
            return bool(one.ms < two.ms)
    raise CedarError("no order")


def less_eq(one: Value, two: Value) -> bool:
    """`<=` of the same."""
    return not less(two, one)


def add(one: Value, two: Value) -> int:
    """`+`; outside 64 bits is an error."""
    return fit(need(int, one) + need(int, two))


def subtract(one: Value, two: Value) -> int:
    """`-` of two."""
    return fit(need(int, one) - need(int, two))


def multiply(one: Value, two: Value) -> int:
    """`*`."""
    return fit(need(int, one) * need(int, two))


def negate(one: Value) -> int:
    """`-` of one; of the least Long it is an error."""
    return fit(-need(int, one))


# --- sets ---


def contains(one: Value, two: Value) -> bool:
    """`one.contains(two)`."""
    return key_of(two) in need(SetValue, one).elements


def contains_all(one: Value, two: Value) -> bool:
    """`one.containsAll(two)`."""
    return bool(need(SetValue, two).elements <= need(SetValue, one).elements)


def contains_any(one: Value, two: Value) -> bool:
    """`one.containsAny(two)`."""
    return not need(SetValue, one).elements.isdisjoint(need(SetValue, two).elements)


def is_empty(one: Value) -> bool:
    """`one.isEmpty()`."""
    return not need(SetValue, one).elements


# --- entities and records ---


def is_in(entities: Entities, one: Value, two: Value) -> bool:
    """`one in two`: the same entity, or `two` (or an element of it) is an ancestor of it."""
    uid = need(Uid, one)
    ancestors = entities.get(uid, NOBODY).ancestors
    if type(two) is Uid:
        return uid == two or two in ancestors
    groups = need(SetValue, two).elements
    if not all(type(group) is Uid for group in groups):
        raise CedarError("no entity")
    return uid in groups or not ancestors.isdisjoint(groups)


def get(entities: Entities, base: Value, name: str) -> Value:
    """`base.name`; an absent attribute is an error."""
    if type(base) is RecordValue:
        return base.fields[name]
    return entities[need(Uid, base)].attrs[name]


def has(entities: Entities, base: Value, names: tuple[str, ...]) -> bool:
    """`base has name` and `base has name.other`; of a missing entity false."""
    for name in names:
        if type(base) is RecordValue:
            fields = base.fields
        else:
            fields = entities.get(need(Uid, base), NOBODY).attrs
        if name not in fields:
            return False
        base = fields[name]
    return True


def has_tag(entities: Entities, base: Value, name: Value) -> bool:
    """`base.hasTag(name)`; of a missing entity false."""
    return need(str, name) in entities.get(need(Uid, base), NOBODY).tags


def get_tag(entities: Entities, base: Value, name: Value) -> Value:
    """`base.getTag(name)`; an absent tag is an error."""
    return entities[need(Uid, base)].tags[need(str, name)]


# --- extension types ---


def offset(one: Value, two: Value) -> Datetime:
    """`one.offset(two)`."""
    return Datetime(fit(need(Datetime, one).ms + need(Duration, two).ms))


def duration_since(one: Value, two: Value) -> Duration:
    """`one.durationSince(two)`."""
    return Duration(fit(need(Datetime, one).ms - need(Datetime, two).ms))


def to_date(one: Value) -> Datetime:
    """`one.toDate()`: the day's first moment; before the first day that 64 bits hold, an error."""
    ms = need(Datetime, one).ms
    return Datetime(fit(ms - ms % DAY_MS))


def to_time(one: Value) -> Duration:
    """`one.toTime()`: since the day's first moment."""
    return Duration(need(Datetime, one).ms % DAY_MS)


def whole(unit_ms: int) -> Callable[[Value], int]:
    """Build `toSeconds` and its like: cut towards zero."""

    def count(one: Value) -> int:
        ms: int = need(Duration, one).ms
        return -(-ms // unit_ms) if ms < 0 else ms // unit_ms

    return count


def is_in_range(one: Value, two: Value) -> bool:
    """`one.isInRange(two)`; IPv4 is never in a range of IPv6."""
    inner, outer = need(IpAddr, one), need(IpAddr, two)
    (first, last), (least, most) = inner.span(), outer.span()
    return bool(inner.bits == outer.bits and least <= first and last <= most)


def is_loopback(one: Value) -> bool:
    """`one.isLoopback()`: the range's first address is in 127.0.0.0/8 or is ::1."""
    first = need(IpAddr, one).span()[0]
    return bool(first >> 24 == 127 if one.bits == 32 else first == 1)


def is_multicast(one: Value) -> bool:
    """`one.isMulticast()`: the whole range is in 224.0.0.0/4 or ff00::/8."""
    first, last = need(IpAddr, one).span()
    shift, block = (28, 0b1110) if one.bits == 32 else (120, 0xFF)
    return bool(first >> shift == block == last >> shift)


def of_decimals(compare: Callable[[int, int], bool]) -> Callable[[Value, Value], bool]:
    """Build a comparison of decimals."""
    return lambda one, two: compare(need(Decimal, one).units, need(Decimal, two).units)


def constructor(parse: Callable[[str], Value]) -> Callable[[Value], Value]:
    """Build an extension constructor: it takes a string and nothing else."""
    return lambda text: parse(need(str, text))


# The operators by their name in `cedarpy.pst`; those of ENTITIES take the entities first.
UNARY: dict[str, Callable[[Value], Value]] = {
    "not": lambda one: not need(bool, one),
    "neg": negate,
    "is_empty": is_empty,
    "datetime": constructor(parse_datetime),
    "decimal": constructor(parse_decimal),
    "duration": constructor(parse_duration),
    "ip": constructor(parse_ip),
    "is_ipv4": lambda one: need(IpAddr, one).bits == 32,
    "is_ipv6": lambda one: need(IpAddr, one).bits == 128,
    "is_loopback": is_loopback,
    "is_multicast": is_multicast,
    "to_date": to_date,
    "to_time": to_time,
    "to_milliseconds": whole(1),
    "to_seconds": whole(1000),
    "to_minutes": whole(60_000),
    "to_hours": whole(3_600_000),
    "to_days": whole(DAY_MS),
}
BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "eq": equal,
    "not_eq": lambda one, two: not equal(one, two),
    "less": less,
    "less_eq": less_eq,
    "greater": lambda one, two: less(two, one),
    "greater_eq": lambda one, two: less_eq(two, one),
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "contains": contains,
    "contains_all": contains_all,
    "contains_any": contains_any,
    "is_in_range": is_in_range,
    "offset": offset,
    "duration_since": duration_since,
    "decimal_less_than": of_decimals(lambda one, two: one < two),
    "decimal_less_eq": of_decimals(lambda one, two: one <= two),
    "decimal_greater": of_decimals(lambda one, two: one > two),
    "decimal_greater_eq": of_decimals(lambda one, two: one >= two),
}
ENTITIES: dict[str, Callable[[Entities, Value, Value], Value]] = {
    "in": is_in,
    "get_tag": get_tag,
    "has_tag": has_tag,
}
_BOOL_NAMES = """
not is_empty is_ipv4 is_ipv6 is_loopback is_multicast eq not_eq less less_eq greater greater_eq
contains contains_all contains_any is_in_range decimal_less_than decimal_less_eq decimal_greater
decimal_greater_eq in has_tag
"""
ANSWERS_BOOL = frozenset(_BOOL_NAMES.split())


def build_set(*values: Value) -> SetValue:
    """Build the set of a set expression."""
    return make_set(values)


def build_record(names: tuple[str, ...], *values: Value) -> RecordValue:
    """Build the record of a record expression."""
    return RecordValue(dict(zip(names, values, strict=True)))
