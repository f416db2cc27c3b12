"""Ids in a request: found where the contract says they are, in the form that was checked.

Only values that step 8 has read are taken, or the segment of the path that is forwarded; never a
second reading of the raw request. What is no id names no record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yett.engine.exchange import Exchange
from yett.engine.pointing import MISSING, pointed, text_of
from yett.policy.authz.model import Located, Pointer
from yett.policy.inputs import template_names
from yett.policy.model import OperationPolicy

EVERY = "*"
MAX_PLACES = 10_000

# Finds the id of one record; None when the request names none.
Find = Callable[[Exchange], str | None]
# Finds all values at a place, each with where it is (`query/id` or a JSON pointer).
FindAll = Callable[[Exchange], list[tuple[str, Any]]]


def make_finder(located: Located | None, operation: OperationPolicy) -> Find:
    """Return what finds the id of the record that an operation is about."""
    if located is None:
        return lambda _x: None
    if located.where == "path":
        return _path_finder(located.name, operation)
    value_of = _value_reader(located)

    def find(x: Exchange) -> str | None:
        return text_of(value_of(x))

    return find


def make_gatherer(located: Located, operation: OperationPolicy) -> FindAll:
    """Return what finds the ids of references: one value, or the items of an array."""
    if located.where == "body":
        return lambda x: [
            (pointer_text(path), value)
            for path, value in places(x.parsed, located.pointer)
            if value is not None
        ]
    where = f"{located.where}/{located.name}"
    if located.where == "path":
        find = _path_finder(located.name, operation)
        return lambda x: [(where, find(x))]
    value_of = _value_reader(located)

    def gather(x: Exchange) -> list[tuple[str, Any]]:
        value = value_of(x)
        if value is MISSING or value is None:
            return []
        if type(value) is list:
            return [(f"{where}/{at}", item) for at, item in enumerate(value)]
        return [(where, value)]

    return gather


def places(value: Any, pointer: Pointer) -> list[tuple[Pointer, Any]]:
    """Return what stands at a pointer, `*` standing for every item or member, with its own pointer.

    Raises:
        OverflowError: there are more than `MAX_PLACES`.
    """
    found: list[tuple[Pointer, Any]] = [((), value)]
    for token in pointer:
        below: list[tuple[Pointer, Any]] = []
        for path, here in found:
            if token != EVERY:
                inner = pointed(here, (token,))
                if inner is not MISSING:
                    below.append(((*path, token), inner))
            elif type(here) is list:
                below += [((*path, str(at)), item) for at, item in enumerate(here)]
            elif type(here) is dict:
                below += [((*path, name), item) for name, item in here.items()]
        if len(below) > MAX_PLACES:
            raise OverflowError
        found = below
    return found


def pointer_text(pointer: Pointer) -> str:
    """Write a JSON pointer (RFC 6901 s3)."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in pointer)


def _path_finder(name: str, operation: OperationPolicy) -> Find:
    names = template_names(operation.template)
    if name not in names:
        return lambda _x: None
    at = names.index(name)

    def find(x: Exchange) -> str | None:
        # The segment as it is forwarded; where the schema read another value from it (`-0`, a
        # label or matrix style), the service may read a third.
        text = text_of(x.arguments[at]) if at < len(x.arguments) else None
        read = x.values.get("path", _NOTHING).get(name, text)
        return text if read == text or text_of(read) == text else None

    return find


def _value_reader(located: Located) -> Callable[[Exchange], Any]:
    where, name, pointer = located.where, located.name, located.pointer
    if where == "body":
        return lambda x: pointed(x.parsed, pointer)
    return lambda x: x.values.get(where, _NOTHING).get(name, MISSING)


_NOTHING: dict[str, Any] = {}
