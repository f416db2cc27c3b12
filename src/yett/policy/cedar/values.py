"""Cedar values as Python values: sets and records, and the ways from JSON and back.

`bool`, `int`, `str` and `Uid` stand for themselves; `extensions.py` has the extension types. All
are hashable, and none of one Cedar type is equal to one of another: Python's `True == 1` is kept
out of sets by `Truth`. What does not fit its type raises `ValueMismatch`, it is never coerced.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from ipaddress import IPv6Address, ip_address
from typing import Any

from yett.policy.cedar.extensions import (
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
    write_datetime,
    write_decimal,
    write_ip,
)
from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.types import Attribute, Plain, Reference, SetOf, Type


class ValueMismatch(Exception):  # noqa: N818 — it is the word of the interface: no fault, no fit
    """A JSON value is not of the type that the schema says."""


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


# --- from JSON ---


def read_value(type_: Type, json: Any) -> Value:
    """Convert a parsed JSON value.

    Numbers with a fraction or an exponent are no Long; an id may be a JSON integer; a datetime is
    RFC 3339 (or a full-date), cut to milliseconds. Nulls in records are absent attributes.

    Raises:
        ValueMismatch: it is not of the type.
    """
    if isinstance(type_, Plain):
        return _PLAIN[type_.name](json)
    if isinstance(type_, Reference):
        return Uid(type_.entity, read_id(json))
    if isinstance(type_, SetOf):
        if type(json) is not list:
            raise ValueMismatch("no array")
        return make_set([read_value(type_.element, item) for item in json])
    return _read_record(type_.attributes, json)


def make_reader(type_: Type) -> Callable[[Any], Value]:
    """Return `read_value` for one type, chosen once: half the time where many are read."""
    if isinstance(type_, Plain):
        plain: Callable[[Any], Value] = _PLAIN[type_.name]
        return plain
    if isinstance(type_, Reference):
        named = type_.entity
        return lambda json: Uid(named, read_id(json))
    return partial(read_value, type_)


def read_id(json: Any) -> str:
    """Convert an entity id: a string, or an integer as its decimal text."""
    if type(json) is int and abs(json) < 2**64:
        return str(json)
    return _read_string(json)


def _read_record(attributes: tuple[Attribute, ...], json: Any) -> RecordValue:
    if type(json) is not dict:
        raise ValueMismatch("no object")
    fields = {}
    for attribute in attributes:
        value = json.get(attribute.name)
        if value is not None:
            fields[attribute.name] = read_value(attribute.type, value)
        elif attribute.required:
            raise ValueMismatch("a required member is absent")
    return RecordValue(fields)


def _read_bool(json: Any) -> bool:
    if json is True or json is False:
        return json
    raise ValueMismatch("no boolean")


def _read_long(json: Any) -> int:
    if type(json) is int and -(2**63) <= json < 2**63:
        return json
    raise ValueMismatch("no integer of 64 bits")


def _read_string(json: Any) -> str:
    if type(json) is not str:
        raise ValueMismatch("no string")
    if not json.isascii() and _SURROGATE.search(json):
        raise ValueMismatch("no Unicode text")  # half a surrogate pair: Cedar cannot hold it
    return json


_SURROGATE = re.compile("[\ud800-\udfff]")
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,18}))?(?:[Zz]|([+-][0-9]{2}):([0-9]{2})))?"
)


def _read_datetime(json: Any) -> Value:
    """RFC 3339 s5.6, to what Cedar writes: `+01:00` is `+0100` there, a fraction has 3 digits."""
    found = _RFC3339.fullmatch(_read_string(json))
    if not found:
        raise ValueMismatch("no date-time")
    day, clock, fraction, hours, minutes = found.groups()
    if clock is None:
        return _parsed(parse_datetime, day)
    offset = hours + minutes if hours else "Z"
    return _parsed(parse_datetime, f"{day}T{clock}.{(fraction or '')[:3]:0<3}{offset}")


def _parsed(parse: Callable[[str], Value], json: Any) -> Value:
    try:
        return parse(_read_string(json))
    except CedarError as error:
        raise ValueMismatch(str(error)) from error


_PLAIN: dict[str, Any] = {
    "Bool": _read_bool,
    "Long": _read_long,
    "String": _read_string,
    "datetime": _read_datetime,
    "decimal": lambda json: _parsed(parse_decimal, json),
    "duration": lambda json: _parsed(parse_duration, json),
    "ipaddr": lambda json: _parsed(parse_ip, json),
}


# --- to JSON ---


def to_json(value: Value) -> Any:
    """Convert to Cedar's JSON, every entity and extension value with its explicit escape.

    Without `__entity` an attribute `{"type": ..., "id": ...}` is a record to Cedar, and the
    decision another (measured: 8 sets of the corpus).
    """
    kind = type(value)
    if kind is Uid:
        return {"__entity": {"type": value.type, "id": value.id}}
    if kind is SetValue:
        return [to_json(item) for item in value]
    if kind is RecordValue:
        return {name: to_json(item) for name, item in value.fields.items()}
    if kind in {bool, int, str}:
        return value
    return {"__extn": _EXTENSIONS[kind](value)}


def _datetime_json(moment: Datetime) -> dict[str, Any]:
    try:
        return {"fn": "datetime", "arg": write_datetime(moment)}
    except CedarError:  # a year that the text cannot hold: only `offset` makes such moments
        epoch = {"__extn": {"fn": "datetime", "arg": "1970-01-01"}}
        span = {"__extn": {"fn": "duration", "arg": f"{fit(moment.ms)}ms"}}
        return {"fn": "offset", "args": [epoch, span]}


_EXTENSIONS: dict[Any, Any] = {
    Datetime: _datetime_json,
    Duration: lambda span: {"fn": "duration", "arg": f"{span.ms}ms"},
    Decimal: lambda number: {"fn": "decimal", "arg": write_decimal(number)},
    IpAddr: lambda address: {"fn": "ip", "arg": write_ip(address)},
}


def write_entity(entity: Entity) -> dict[str, Any]:
    """Write an entity for `cedarpy`, ancestors as direct parents: the closure stays the same."""
    return {
        "uid": uid_json(entity.uid),
        "attrs": {name: to_json(value) for name, value in entity.attrs.items()},
        "parents": [uid_json(parent) for parent in entity.ancestors],
        "tags": {name: to_json(value) for name, value in entity.tags.items()},
    }


def uid_json(uid: Uid) -> dict[str, str]:
    """Write a uid where only a uid can stand."""
    return {"type": uid.type, "id": uid.id}
