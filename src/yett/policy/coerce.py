"""Text of a parameter as the value its schema means, in strict ASCII forms only.

Frameworks read `5`, `+5`, ` 5`, `1_0` and Arabic digits as numbers, each in its own way
(notes/graphql_openapi B7); here a number has the form JSON gives it and a boolean is `true` or
`false`. RFC 8259 s6.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from yett.policy.schemas import Schemas

MAX_KIND_DEPTH = 8

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,3})?")
_TYPE_OF: dict[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
}


class Unreadable:
    """The text has not the form of any type the schema allows."""


UNREADABLE: Final = Unreadable()
Read = Callable[[str], Any]


class Kind(Struct, frozen=True, kw_only=True):
    """What a schema lets a value be, as far as its text tells.

    Args:
        scalars: of `integer number boolean string`, in the order they are tried.
        items: the kind of array items when it may be an array.
        fields: the kinds of properties when it may be an object.
        extra: the kind of properties that are not named.
    """

    scalars: tuple[str, ...] = ("string",)
    items: Kind | None = None
    fields: dict[str, Kind] | None = None
    extra: Kind | None = None

    @property
    def ambiguous(self) -> bool:
        """Whether the same text may mean several values."""
        ways = ("string" in self.scalars and len(self.scalars) > 1) + bool(self.scalars)
        return ways + (self.items is not None) + (self.fields is not None) > 1


TEXT = Kind()


def read_integer(text: str) -> Any:
    """Read an integer of at most 19 digits."""
    return int(text) if _INTEGER.fullmatch(text) else UNREADABLE


def read_number(text: str) -> Any:
    """Read a finite number; without fraction and exponent it is an exact integer."""
    if not _NUMBER.fullmatch(text):
        return UNREADABLE
    if _INTEGER.fullmatch(text):
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else UNREADABLE


def read_boolean(text: str) -> Any:
    """Read `true` or `false`."""
    return True if text == "true" else False if text == "false" else UNREADABLE


def read_string(text: str) -> Any:
    """Take the text as it is."""
    return text


READERS: dict[str, Read] = {
    "integer": read_integer,
    "number": read_number,
    "boolean": read_boolean,
    "string": read_string,
}


def scalar_reader(kind: Kind) -> Read:
    """Return the reader of a scalar: the first type in order whose form the text has."""
    readers = [READERS[name] for name in kind.scalars]
    if len(readers) == 1:
        return readers[0]

    def read(text: str) -> Any:
        for one in readers:
            value = one(text)
            if value is not UNREADABLE:
                return value
        return UNREADABLE

    return read


def kind_of(schemas: Schemas, node: Any, depth: int = 0) -> Kind:
    """Tell what a schema lets a value be; what it says nothing about is text."""
    if depth > MAX_KIND_DEPTH:
        return TEXT
    node = schemas.settle(node)
    key = (id(node), depth)
    if key not in schemas.kinds:
        schemas.kinds[key] = _kind_of(schemas, node, depth)
    found: Kind = schemas.kinds[key]
    return found


def _kind_of(schemas: Schemas, node: Any, depth: int) -> Kind:
    types: set[str] = set()
    items: list[Any] = []
    fields: dict[str, Any] = {}
    extra: list[Any] = []
    for own in _in_place(schemas, node):
        types |= _types(own)
        items += [own[k] for k in ("items",) if k in own]
        fields.update(own.get("properties", {}))
        extra += [own[k] for k in ("additionalProperties",) if isinstance(own.get(k), dict)]

    def below(found: Any) -> Kind:
        return kind_of(schemas, found, depth + 1)

    scalars = tuple(name for name in READERS if name in types)
    if "number" in scalars:
        scalars = tuple(name for name in scalars if name != "integer")
    if not types - {"null"}:
        scalars = ("string",)
    return Kind(
        scalars=scalars,
        items=(below(items[0]) if items else TEXT) if "array" in types else None,
        fields={n: below(s) for n, s in fields.items()} if "object" in types else None,
        extra=below(extra[0]) if extra and "object" in types else None,
    )


def _in_place(schemas: Schemas, node: Any) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    stack = [node]
    while stack:
        one = stack.pop()
        own = schemas.own(one)
        if not isinstance(own, dict) or id(one) in found:
            continue
        found[id(one)] = own
        if "$ref" in own:
            stack.append(schemas.target(own["$ref"]))
        stack.extend(sub for k in ("allOf", "anyOf", "oneOf") for sub in own.get(k, ()))
        stack.extend(own[k] for k in ("then", "else") if k in own)
    return list(found.values())


def _types(own: dict[str, Any]) -> set[str]:
    named = own.get("type")
    if named is not None:
        return set(named) if isinstance(named, list) else {named}
    values = own.get("enum", [own["const"]] if "const" in own else [])
    if values:
        return {_TYPE_OF.get(type(value), "null") for value in values}
    if "properties" in own or "additionalProperties" in own:
        return {"object"}
    return {"array"} if "items" in own else set()
