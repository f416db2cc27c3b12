"""What a document's schemas say of one value, for rules on declarations that point into it.

A value is described by a schema, by what that refers to, and by the branches of `allOf`, `oneOf`
and `anyOf`. Bounded; loading has checked that references lead somewhere. JSON Schema 2020-12 s10.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from yett.contract.media import admits_json
from yett.contract.model import Api, MediaType, Operation
from yett.contract.places import Pointer, read_pointer

MAX_APPLYING = 256
EVERY = "*"  # each item of an array

Nodes = tuple[Any, ...]


class Described:
    """Reads the schemas of one api."""

    def __init__(self, api: Api) -> None:
        self._document = api.document
        self._found: dict[str, Any] = {}

    def applying(self, nodes: Nodes) -> tuple[dict[str, Any], ...]:
        """Return every schema object that may apply to what `nodes` describe."""
        found: dict[int, dict[str, Any]] = {}
        open_ = list(nodes)
        while open_ and len(found) < MAX_APPLYING:
            node = open_.pop()
            if not isinstance(node, dict) or id(node) in found:
                continue
            found[id(node)] = node
            if isinstance(node.get("$ref"), str):
                open_.append(self._target(node["$ref"]))
            for key in ("allOf", "anyOf", "oneOf"):
                branches = node.get(key)
                open_ += branches if isinstance(branches, list) else ()
        return tuple(found.values())

    def at(self, nodes: Nodes, pointer: Pointer) -> Nodes:
        """Return the schemas of what stands at a pointer; empty when nothing declares it."""
        for token in pointer:
            inner: list[Any] = []
            for node in self.applying(nodes):
                inner += _child(node, token)
            nodes = tuple(inner)
        return nodes

    def names(self, nodes: Nodes) -> list[str]:
        """Return the names of all properties that are declared."""
        found: dict[str, None] = {}
        for node in self.applying(nodes):
            properties = node.get("properties")
            found |= dict.fromkeys(properties) if isinstance(properties, dict) else {}
        return list(found)

    def types(self, nodes: Nodes) -> set[str]:
        """Return the JSON types that are named, `null` left out; empty when none is."""
        found: set[str] = set()
        for node in self.applying(nodes):
            declared = node.get("type")
            found |= set(declared) if isinstance(declared, list) else {str(declared or "")}
        return found - {"", "null"}

    def values(self, nodes: Nodes) -> set[str] | None:
        """Return the strings that `enum` and `const` allow; None when nothing closes them."""
        found: set[str] | None = None
        for node in self.applying(nodes):
            own = node["enum"] if "enum" in node else [node["const"]] if "const" in node else None
            if isinstance(own, list):
                found = (found or set()) | {value for value in own if isinstance(value, str)}
        return found

    def _target(self, ref: str) -> Any:
        if ref not in self._found:
            value: Any = self._document
            for token in read_pointer(unquote(ref[1:])):
                value = value[int(token)] if isinstance(value, list) else value[token]
            self._found[ref] = value
        return self._found[ref]


def answers(operation: Operation) -> Nodes:
    """Return the schemas of an operation's successful JSON answers."""
    good = (r for r in operation.responses if r.status[:1] == "2" or r.status == "default")
    return tuple(media.schema for response in good for media in _json(response.content))


def requests(operation: Operation) -> Nodes:
    """Return the schemas of an operation's JSON request bodies."""
    return tuple(m.schema for m in _json(operation.body.content)) if operation.body else ()


def _json(content: tuple[MediaType, ...]) -> Iterator[MediaType]:
    return (m for m in content if m.schema is not None and admits_json(m.name))


def _child(node: dict[str, Any], token: str) -> list[Any]:
    properties = node.get("properties")
    if isinstance(properties, dict) and token in properties:
        return [properties[token]]
    if token != EVERY and not token.isdigit():
        return []
    inner = [node["items"]] if "items" in node else []
    prefix = node.get("prefixItems")
    return [*inner, *prefix] if isinstance(prefix, list) else inner
