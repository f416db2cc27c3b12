"""The schema objects of one document as a graph: restated once each, references resolved.

Nodes are the parsed values of the document themselves, told apart by identity, so a reference
spelled in two ways is one node. What is made here (an `allOf` of overlapping properties) is kept
alive here, or its identity could be reused.
"""

from __future__ import annotations

from typing import Any

from yett.policy.dialect import Dialect
from yett.policy.notes import Notes
from yett.policy.pointers import MAX_REF_HOPS, Document, RefError
from yett.policy.rules import SCHEMA_TARGET

# A document of 13 MB (GitHub) has under 40,000 schema objects in its requests.
MAX_SCHEMA_NODES = 1_000_000


class TooManySchemasError(Exception):
    """The document has more schema objects than the gate is willing to read."""


class Schemas:
    """Restated schema objects by identity.

    `hides` is the keyword that takes a property out: `readOnly` of requests, `writeOnly` of
    responses.
    """

    def __init__(
        self, document: Any, version: str, notes: Notes, *, hides: str = "readOnly"
    ) -> None:
        self.hides = hides
        self.document = Document(document)
        self.dialect = Dialect(version, notes)
        self.notes = notes
        self._own: dict[int, dict[str, Any] | bool] = {}
        self._targets: dict[str, Any] = {}
        self._kept: list[Any] = []
        self._joined: dict[tuple[int, ...], Any] = {}
        self.kinds: dict[tuple[int, int], Any] = {}  # what `coerce.kind_of` found out

    def own(self, node: Any) -> dict[str, Any] | bool:
        """Return the 2020-12 keywords of one schema object; subschemas are nodes again."""
        found = self._own.get(id(node))
        if found is None:
            if len(self._own) >= MAX_SCHEMA_NODES:
                raise TooManySchemasError
            found = self.dialect.restate(node) if isinstance(node, dict) else bool(node)
            self._own[id(node)] = found
            self._kept.append(node)
        return found

    def target(self, ref: str) -> Any:
        """Return the node a reference names; a remark and `false` when it names none."""
        if ref not in self._targets:
            try:
                found = self.document.follow(self.document.resolve(ref))
            except RefError as error:
                self.notes.add(SCHEMA_TARGET, str(error), "references are local: `#/...`")
                found = False
            if not isinstance(found, (dict, bool)):
                self.notes.add(SCHEMA_TARGET, f"`{ref}` does not name a schema")
                found = False
            self._targets[ref] = found
        return self._targets[ref]

    def settle(self, node: Any) -> Any:
        """Follow references that have nothing beside them to the node they end at."""
        for _ in range(MAX_REF_HOPS):
            own = self.own(node)
            if not isinstance(own, dict) or own.keys() != {"$ref"}:
                return node
            node = self.target(own["$ref"])
        self.notes.add(SCHEMA_TARGET, "references run in a circle", "name a schema that ends it")
        return False

    def join(self, nodes: list[Any]) -> Any:
        """Return one node that all of `nodes` hold for; the same one for the same nodes."""
        settled = {id(node): node for node in map(self.settle, nodes)}
        if len(settled) == 1:
            return next(iter(settled.values()))
        key = tuple(sorted(settled))
        if key not in self._joined:
            self._joined[key] = {"allOf": list(settled.values())}
        return self._joined[key]

    def join_alone(self, node: Any) -> Any:
        """Return a node that means the same as `node` and is not it; the same one each time."""
        key = (id(node),)
        if key not in self._joined:
            self._joined[key] = {"allOf": [node]}
        return self._joined[key]

    def keep(self, node: Any) -> Any:
        """Keep a made node alive as long as this object."""
        self._kept.append(node)
        return node

    def is_hidden(self, node: Any) -> bool:
        """Whether a property's schema says `readOnly`, itself or by what it refers to."""
        for _ in range(MAX_REF_HOPS):
            if not isinstance(node, dict):
                return False
            ref = node.get("$ref")
            if node.get(self.hides) is True and not (self.dialect.old and ref is not None):
                return True
            if not isinstance(ref, str):
                return False
            node = self.target(ref)
        return False
