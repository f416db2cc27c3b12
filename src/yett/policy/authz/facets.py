"""What a document's schemas say of one value: every schema object that applies to it.

A value is described by a schema, what that refers to, and whatever may apply beside it: branches of
`allOf`, `oneOf` and `anyOf`, `if` and what hangs on it. Rules on records ask such a union for
properties, types and extensions. JSON Schema 2020-12 s10.2 and s10.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from yett.policy.pointers import Document, RefError

EVERY = "*"
_OTHERS = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains")


class Facet(Struct, frozen=True):
    """One schema object that applies; `certain` when it does so for every value."""

    node: dict[str, Any]
    certain: bool


class Child(Struct, frozen=True):
    """What stands at a token: its schemas, and whether it must be there."""

    nodes: tuple[Any, ...]
    required: bool


class Facets:
    """Reads the schemas of one document."""

    def __init__(self, document: Any) -> None:
        self._document = Document(document)

    def of(self, nodes: tuple[Any, ...]) -> tuple[Facet, ...]:
        """Return all schema objects that apply to what `nodes` describe together."""
        # Each object once, so the document bounds it: what a bound left out here would leak.
        found: dict[int, Facet] = {}
        open_ = [(node, True) for node in nodes]
        while open_:
            node, certain = open_.pop()
            if not isinstance(node, dict) or id(node) in found:
                continue
            found[id(node)] = Facet(node, certain)
            open_ += ((inner, c and certain) for inner, c in self._inside(node))
        return tuple(found.values())

    def child(self, nodes: tuple[Any, ...], token: str) -> Child | None:
        """Go to a property, or with `*` to every item; None when nothing declares it."""
        inner: list[Any] = []
        required = False
        for facet in self.of(nodes):
            node = facet.node
            here = _property(node, token)  # one that is called `*` is one of all
            here += _items(node) if token == EVERY else []
            inner += here
            required |= facet.certain and (token == EVERY or token in _names(node))
        return Child(tuple(inner), required) if inner else None

    def at(self, nodes: tuple[Any, ...], pointer: tuple[str, ...]) -> Child | None:
        """Follow a pointer; `required` when each step of it is, and is never null on the way."""
        required = True
        for token in pointer:
            found = self.child(nodes, token)
            if found is None:
                return None
            nodes = found.nodes
            required = required and found.required and not self.nullable(nodes)
        return Child(nodes, required)

    def nullable(self, nodes: tuple[Any, ...]) -> bool:
        """Whether a value may be null, as far as what certainly applies says."""
        return any("null" in _types(facet.node) for facet in self.of(nodes))

    def types(self, nodes: tuple[Any, ...]) -> frozenset[str]:
        """Return the JSON types a value may have, `null` left out; empty when nothing says."""
        found: set[str] = set()
        for facet in self.of(nodes):
            found |= _types(facet.node)
        return frozenset(found - {"null"})

    def words(self, nodes: tuple[Any, ...], key: str) -> frozenset[str]:
        """Return the strings that a keyword has in any schema object that applies."""
        values = (facet.node.get(key) for facet in self.of(nodes))
        return frozenset(value for value in values if isinstance(value, str))

    def says(self, nodes: tuple[Any, ...], key: str) -> bool:
        """Whether a keyword is `true` in any schema object that applies."""
        return any(facet.node.get(key) is True for facet in self.of(nodes))

    def names(self, nodes: tuple[Any, ...]) -> tuple[str, ...]:
        """Return all properties that are declared, in order."""
        found: dict[str, None] = {}
        for facet in self.of(nodes):
            properties = facet.node.get("properties")
            if isinstance(properties, dict):
                found |= dict.fromkeys(properties)
        return tuple(found)

    def _inside(self, node: dict[str, Any]) -> Iterator[tuple[Any, bool]]:
        ref = node.get("$ref")
        if isinstance(ref, str):
            try:
                yield self._document.resolve(ref), True
            except RefError:
                return  # `policy.shapes` reports it
        for key, certain in (("allOf", True), ("oneOf", False), ("anyOf", False)):
            branches = node.get(key)
            if isinstance(branches, list):
                yield from ((branch, certain or len(branches) == 1) for branch in branches)
        for key in ("if", "then", "else"):
            yield node.get(key), False
        yield from ((branch, False) for branch in _values(node.get("dependentSchemas")))


def _property(node: dict[str, Any], token: str) -> list[Any]:
    properties = node.get("properties")
    if isinstance(properties, dict) and token in properties:
        return [properties[token]]
    return []


def _items(node: dict[str, Any]) -> list[Any]:
    """Items of an array; members of an object that names none stand for every member."""
    found = [node["items"]] if isinstance(node.get("items"), dict) else []
    prefix = node.get("prefixItems")
    found += prefix if isinstance(prefix, list) else []
    found += [node[key] for key in _OTHERS if isinstance(node.get(key), dict)]
    return found + _values(node.get("patternProperties"))


def _values(table: Any) -> list[Any]:
    return list(table.values()) if isinstance(table, dict) else []


def _names(node: dict[str, Any]) -> list[Any]:
    required = node.get("required")
    return required if isinstance(required, list) else []


_BY_PYTHON = {bool: "boolean", int: "integer", str: "string", type(None): "null", list: "array"}


def _types(node: dict[str, Any]) -> set[str]:
    """Types a schema object names, or that its constants have."""
    declared = node.get("type")
    found = {declared} if isinstance(declared, str) else set()
    if isinstance(declared, list):
        found |= {name for name in declared if isinstance(name, str)}
    values = [*_list(node.get("enum")), *([node["const"]] if "const" in node else [])]
    if not found:
        found |= {_BY_PYTHON.get(type(value), "object") for value in values}
    elif values and None not in values:
        found.discard("null")
    if node.get("nullable") is True:
        found.add("null")
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
