"""Cedar values as Python values: sets and records, and what makes values from Python's own.

`bool`, `int`, `str` and `Uid` stand for themselves; `extensions.py` has the extension types. All
are hashable, and none of one Cedar type is equal to one of another: Python's `True == 1` is kept
out of sets by `Truth`. JSON is read by `json_in.py` and written by `json_out.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_address
from typing import Any

from yett.policy.cedar.extensions import Datetime, IpAddr
from yett.policy.cedar.model import Entity, Value


class ValueMismatch(Exception):  # noqa: N818 — it is the word of the interface: no fault, no fit
    """What came from outside is not of the type that the schema says."""


class Truth:
    """A boolean inside a set, equal to itself only: to Python `True` and `1` are one element."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Truth({self.value})"


_TRUE, _FALSE = Truth(True), Truth(False)


def key_of(value: Value) -> Any:
    """Return what stands for `value` inside a set."""
    if value is True:
        return _TRUE
    return _FALSE if value is False else value


class SetValue:
    """A Cedar set; `elements` are keys, iteration gives the values."""

    __slots__ = ("elements",)

    def __init__(self, elements: frozenset[Any]) -> None:
        self.elements = elements

    def __iter__(self) -> Iterator[Value]:
        for element in self.elements:
            yield element.value if type(element) is Truth else element

    def __eq__(self, other: object) -> bool:
        return type(other) is SetValue and self.elements == other.elements

    def __hash__(self) -> int:
        return hash((SetValue, self.elements))

    def __repr__(self) -> str:
        return f"SetValue({sorted(map(repr, self))})"


class RecordValue:
    """A Cedar record; `fields` is never written to."""

    __slots__ = ("_key", "fields")

    def __init__(self, fields: dict[str, Value]) -> None:
        self.fields = fields
        self._key: frozenset[Any] | None = None

    def key(self) -> frozenset[Any]:
        """Return what two equal records have in common."""
        if self._key is None:
            self._key = frozenset((name, key_of(value)) for name, value in self.fields.items())
        return self._key

    def __eq__(self, other: object) -> bool:
        return type(other) is RecordValue and self.key() == other.key()

    def __hash__(self) -> int:
        return hash((RecordValue, self.key()))

    def __repr__(self) -> str:
        return f"RecordValue({self.fields!r})"


def make_set(values: Iterable[Value]) -> SetValue:
    """Build a set of Cedar values."""
    return SetValue(frozenset(map(key_of, values)))


def make_datetime(unix_seconds: float) -> Datetime:
    """Build a moment from unix time; below a millisecond it is cut off."""
    return Datetime(math.floor(unix_seconds * 1000))


def make_ipaddr(text: str) -> IpAddr:
    """Build an address as sockets write it; IPv4 inside IPv6 is IPv4, a zone is dropped.

    Raises:
        ValueMismatch: it is no address, such as the empty name of a unix socket.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError as error:
        raise ValueMismatch("no address") from error
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return IpAddr(address.max_prefixlen, int(address), address.max_prefixlen)


def merge(one: Entity, two: Entity) -> Entity:
    """Make one entity of two of one uid; what both have is `one`'s."""
    return Entity(
        one.uid,
        {**two.attrs, **one.attrs},
        one.ancestors | two.ancestors,
        {**two.tags, **one.tags},
    )
