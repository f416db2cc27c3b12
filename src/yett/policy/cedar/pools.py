"""Values worth trying: what the rules themselves compare with, and what lies just beside it.

From these the self-check builds requests that make each condition true and false. Deterministic and
bounded; no value comes from a real record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cedarpy import pst

from yett.policy.cedar.expressions import read_uid
from yett.policy.cedar.extensions import (
    LEAST_LONG,
    MOST_LONG,
    CedarError,
    Datetime,
    Decimal,
    Duration,
    IpAddr,
)
from yett.policy.cedar.footprint import children
from yett.policy.cedar.model import Uid, Value
from yett.policy.cedar.operators import UNARY
from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf, Type
from yett.policy.cedar.values import RecordValue, SetValue, make_set

MAX_POOL_VALUES = 24
MAX_NESTED_RECORDS = 4
_BESIDE: dict[type, Callable[[Any], tuple[Value, ...]]] = {
    int: lambda value: (value - 1, value + 1),
    str: lambda value: (value + "~", "~" + value),
    Datetime: lambda value: (Datetime(value.ms - 1), Datetime(value.ms + 1)),
    Duration: lambda value: (Duration(value.ms - 1), Duration(value.ms + 1)),
    Decimal: lambda value: (Decimal(value.units - 1), Decimal(value.units + 1)),
}
_KINDS = {
    "Bool": bool, "Long": int, "String": str, "datetime": Datetime, "duration": Duration,
    "decimal": Decimal, "ipaddr": IpAddr,
}  # fmt: skip
# Tried after what the rules say.
_ALWAYS: dict[type, tuple[Value, ...]] = {
    bool: (True, False),
    int: (0, 1, MOST_LONG, LEAST_LONG),
    str: ("", "other", 'Ünïcode*\\"'),
    Datetime: (Datetime(0), Datetime(1_700_000_000_000)),
    Duration: (Duration(0), Duration(-1)),
    Decimal: (Decimal(0), Decimal(-1)),
    IpAddr: (IpAddr(32, 0x7F000001, 32), IpAddr(32, 0xE0000001, 32), IpAddr(128, 1, 128)),
}


class Pools:
    """Values by type, for rules that speak of `constants`."""

    def __init__(self, constants: Iterable[Value], uids: Iterable[Uid]) -> None:
        self._of: dict[type, dict[Value, None]] = {}
        for value in (*constants, *uids):
            self._add(value)
        for kind, values in _ALWAYS.items():
            self._of.setdefault(kind, {}).update(dict.fromkeys(values))

    def _add(self, value: Value) -> None:
        if isinstance(value, (SetValue, RecordValue)):
            return
        own = self._of.setdefault(type(value), {})
        own[value] = None
        beside = _around(value) if type(value) is IpAddr else _beside(value)
        own.update(dict.fromkeys(one for one in beside if _fits(one)))

    def uids(self, type_: str) -> list[Uid]:
        """List entities of a type, one of them named by nobody."""
        known = [uid for uid in self._of.get(Uid, ()) if uid.type == type_]
        return [*known[: MAX_POOL_VALUES - 1], Uid(type_, "somebody-else")]

    def values(self, type_: Type, nested: int = 0) -> list[Value]:
        """List values of a type, at most `MAX_POOL_VALUES`."""
        if isinstance(type_, Plain):
            found = list(self._of[_KINDS[type_.name]])
        elif isinstance(type_, Reference):
            found = list(self.uids(type_.entity))
        elif isinstance(type_, SetOf):
            inner = self.values(type_.element, nested + 1)
            found = [make_set([]), *(make_set([one]) for one in inner), make_set(inner)]
        else:
            found = self._records(type_, nested)
        return found[:MAX_POOL_VALUES]

    def _records(self, type_: Record, nested: int) -> list[Value]:
        """List the plain record, then one change at a time."""
        if nested > MAX_NESTED_RECORDS:
            return [RecordValue({})]
        choices = {one.name: self.choices(one, nested + 1) for one in type_.attributes}
        first = {name: values[0] for name, values in choices.items()}
        made = [first]
        for name, values in choices.items():
            made += [{**first, name: value} for value in values[1:]]
        return [_record(fields) for fields in made]

    def choices(self, attribute: Attribute, nested: int = 0) -> list[Value]:
        """List values of an attribute, with `ABSENT` where it is optional."""
        found = self.values(attribute.type, nested)
        return found if attribute.required else [*found[: MAX_POOL_VALUES - 1], ABSENT]


ABSENT = object()


def _record(fields: dict[str, Value]) -> RecordValue:
    return RecordValue({name: value for name, value in fields.items() if value is not ABSENT})


def _beside(value: Value) -> tuple[Value, ...]:
    return _BESIDE[type(value)](value) if type(value) in _BESIDE else ()


def _around(range_: IpAddr) -> tuple[IpAddr, ...]:
    """Give the range's first and last address and those just outside."""
    first, last = range_.span()
    found = (first, last, first - 1, last + 1)
    return tuple(
        IpAddr(range_.bits, one, range_.bits) for one in found if 0 <= one < 1 << range_.bits
    )


def _fits(value: Value) -> bool:
    number = value if type(value) is int else getattr(value, "ms", getattr(value, "units", 0))
    return bool(LEAST_LONG <= number <= MOST_LONG)


def constants(node: Any) -> list[Value]:
    """List the constants of an expression, the texts its patterns match among them."""
    found: list[Value] = []
    open_ = [node]
    while open_:
        one = open_.pop()
        if isinstance(one, pst.EntityLit):
            found.append(read_uid(one.value))
        elif isinstance(one, (pst.BoolLit, pst.LongLit, pst.StringLit)):
            found.append(one.value)
        elif isinstance(one, pst.Like):
            found += _matching(one)
        elif isinstance(one, pst.UnaryOp) and isinstance(one.arg, pst.StringLit):
            found += _constructed(one, one.arg.value)
        open_ += children(one)
    return found


def _matching(node: pst.Like) -> list[Value]:
    texts = ["".join(e.value if isinstance(e, pst.Char) else fill for e in node.pattern)
             for fill in ("", "x", "*")]  # fmt: skip
    return list(dict.fromkeys(texts))


def _constructed(node: pst.UnaryOp, text: str) -> list[Value]:
    try:
        return [UNARY[node.op](text)]
    except (CedarError, KeyError):
        return []
