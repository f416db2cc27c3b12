"""The Cedar type of a value that an OpenAPI schema describes.

string: `String`, `datetime` for the formats `date-time` and `date`; integer: `Long`; boolean:
`Bool`; array: a set; object: a record; `x-yett-ref: T`: an entity of type T. A `number` has none:
Cedar has no floating point, on purpose.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.policy.authz.facets import EVERY, Facets
from yett.policy.cedar.types import Attribute, Plain, Record, Reference, SetOf, Type

MAX_RECORD_DEPTH = 4
DATES = frozenset(("date-time", "date"))
_SCALARS = {"string": "String", "integer": "Long", "boolean": "Bool"}


class Untyped(Struct, frozen=True):
    """Why there is no Cedar type, for whoever declared the attribute."""

    reason: str


def attribute_type(facets: Facets, nodes: tuple[Any, ...], depth: int = 0) -> Type | Untyped:
    """Return the Cedar type of what `nodes` describe together."""
    referred = facets.words(nodes, "x-yett-ref")
    if len(referred) == 1:
        return Reference(next(iter(referred)))
    types = facets.types(nodes)
    if len(referred) > 1 or len(types) != 1:
        said = ", ".join(sorted(referred or types)) or "nothing"
        return Untyped(f"its schema allows {said}, and Cedar wants one type")
    name = next(iter(types))
    if name in _SCALARS:
        dated = name == "string" and facets.words(nodes, "format") & DATES
        return Plain("datetime" if dated else _SCALARS[name])
    if name == "array":
        return _set(facets, nodes, depth)
    if name == "object":
        return _record(facets, nodes, depth)
    return Untyped(f"Cedar has no type for a JSON {name}")


def _set(facets: Facets, nodes: tuple[Any, ...], depth: int) -> Type | Untyped:
    items = facets.child(nodes, EVERY)
    if items is None:
        return Untyped("its items have no schema")
    inner = attribute_type(facets, items.nodes, depth + 1)
    return inner if isinstance(inner, Untyped) else SetOf(inner)


def _record(facets: Facets, nodes: tuple[Any, ...], depth: int) -> Type | Untyped:
    """Properties without a Cedar type are left out: a policy cannot name them."""
    if depth >= MAX_RECORD_DEPTH:
        return Untyped(f"objects nest deeper than {MAX_RECORD_DEPTH}")
    found: list[Attribute] = []
    for name in facets.names(nodes):
        child = facets.at(nodes, (name,))
        if child is None:
            continue
        inner = attribute_type(facets, child.nodes, depth + 1)
        if not isinstance(inner, Untyped):
            found.append(Attribute(name, inner, child.required))
    return Record(tuple(found))
