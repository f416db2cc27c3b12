"""Cedar values out of parsed JSON: a record's attributes, a token's claims, an id.

What does not fit its type raises `ValueMismatch`; nothing is ever coerced to fit. Texts of
extension types are read by Cedar's own rules (`extensions.py`), datetimes by RFC 3339 s5.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from yett.policy.cedar.extensions import (
    CedarError,
    parse_datetime,
    parse_decimal,
    parse_duration,
    parse_ip,
)
from yett.policy.cedar.model import Uid, Value
from yett.policy.cedar.types import Attribute, Plain, Reference, SetOf, Type
from yett.policy.cedar.values import RecordValue, ValueMismatch, make_set


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
