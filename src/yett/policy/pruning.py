"""From the response schemas of a document to functions that leave out what they do not declare.

One function per place of the schema, made of the closures in `cuts.py`; equal places share one, and
a place where nothing can be left out has none. JSON Schema 2020-12 core s10.3, s11, OpenAPI 3.0.4
s4.7.25 (discriminators).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yett.policy.closing import Closing
from yett.policy.cuts import (
    Prune,
    make_hiding,
    make_list,
    make_map,
    make_object,
    make_tagged,
    make_tuple,
)
from yett.policy.discriminator import Discriminators
from yett.policy.extents import Extent, Start, Variants, make_matches
from yett.policy.keywords import KEYWORDS, Where
from yett.policy.pointers import MAX_REF_HOPS
from yett.policy.schemas import Schemas


class Pruning:
    """Makes the functions of one document; equal places share one."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._discriminators = Discriminators(schemas, Closing(schemas))
        self._made: dict[frozenset[tuple[int, bool]], _Place] = {}

    def of(self, node: Any) -> Prune | None:
        """Return the function of one schema; None when it leaves nothing out."""
        return self.place([(node, False)])

    def place(self, starts: Iterable[Start]) -> Prune | None:
        """Return the function of a place that several schemas describe."""
        unwrapped = [(self._unwrap(node), branch) for node, branch in starts]
        settled = {(id(node), branch): (node, branch) for node, branch in unwrapped}
        key = frozenset(settled)
        place = self._made.get(key)
        if place is None:
            place = self._made[key] = _Place()
            place.prune = self._make(list(settled.values()))
            place.done = True
        # A place that is being made is part of itself: asked again when there is a value.
        return place.prune if place.done else place

    def _make(self, starts: list[Start]) -> Prune | None:
        node = starts[0][0]
        chained = self._discriminators.chain(node) if len(starts) == 1 else None
        if chained is not None:
            return self._tagged(node, chained)
        return self._plain(starts, self._variants)

    def _plain(self, starts: list[Start], variants: Variants) -> Prune | None:
        extent = Extent(self._schemas, starts, variants)
        return _by_type(self._object(extent), self._array(extent))

    def _unwrap(self, node: Any) -> Any:
        """Follow references, and compositions of which one part alone is no scalar.

        `allOf: [X]` and `anyOf: [X, null]` are how 3.0 puts a description or null beside a `$ref`.
        """
        for _ in range(MAX_REF_HOPS):
            node = self._schemas.settle(node)
            own = self._schemas.own(node)
            if not isinstance(own, dict) or self._discriminators.chain(node) is not None:
                return node
            parts = [k for k in own if KEYWORDS[k][0] is not Where.VALUE]
            if parts not in (["allOf"], ["anyOf"], ["oneOf"]):
                return node
            deep = [sub for sub in own[parts[0]] if not self._is_scalar(sub)]
            if len(deep) != 1:
                return node
            node = deep[0]
        return node

    def _is_scalar(self, node: Any) -> bool:
        own = self._schemas.own(self._schemas.settle(node))
        named = own.get("type", "object") if isinstance(own, dict) else "object"
        return not {"object", "array"} & set([named] if isinstance(named, str) else named)

    def _variants(self, node: Any) -> list[Any]:
        """Return the schemas that inherit from a base, as far as its `mapping` names them."""
        chained = self._discriminators.chain(node)
        if chained is None or "oneOf" in node or "anyOf" in node:
            return []
        return [link["then"] for link in chained["allOf"]]

    def _object(self, extent: Extent) -> Prune | None:
        hidden = frozenset(extent.hidden)
        if extent.open:
            return make_hiding(hidden) if hidden else None
        children = {name: self.place(nodes) for name, nodes in extent.names.items()}
        below = tuple((name, prune) for name, prune in children.items() if prune is not None)
        names = frozenset(extent.names)
        patterns = tuple(
            (make_matches(pattern), self.place(nodes)) for pattern, nodes in extent.patterns.items()
        )
        if extent.extra is None and not patterns:
            return make_object(names, below)
        extra = extent.extra
        rest = None if not extra else self.place(extra)
        return make_map(names, below, hidden, patterns, kept=extra is not None, rest=rest)

    def _array(self, extent: Extent) -> Prune | None:
        rest = None if extent.rest is None else self.place(extent.rest)
        prefix = [None if nodes is None else self.place(nodes) for nodes in extent.prefix]
        if any(prune is not None for prune in prefix):
            return make_tuple(tuple(prefix), rest)
        return None if rest is None else make_list(rest, len(prefix))

    def _tagged(self, node: Any, chained: dict[str, Any]) -> Prune | None:
        """Choose the branch by the tag; a tag nobody declares gets what any branch declares."""
        branches: dict[str, Prune | None] = {}
        tag, other = "", self._plain([(node, False)], self._variants)
        for link in chained["allOf"]:
            question, branch = link["if"], link["then"]
            if "not" in question:
                other = self._branch(branch)
                continue
            ((tag, said),) = question["properties"].items()
            branches.update(dict.fromkeys(said["enum"], self._branch(branch)))
        if other is None and not any(branches.values()):
            return None
        return make_tagged(tag, branches, other)

    def _branch(self, node: Any) -> Prune | None:
        # The base of an inheritance is a branch of its own chain.
        alone = self._discriminators.is_base(node)
        return self._plain([(node, False)], lambda _: []) if alone else self.of(node)


class _Place:
    """A place of the schema while its function is being made."""

    __slots__ = ("done", "prune")

    def __init__(self) -> None:
        self.prune: Prune | None = None
        self.done = False

    def __call__(self, value: Any) -> list[str] | None:
        return None if self.prune is None else self.prune(value)


def _by_type(one: Prune | None, many: Prune | None) -> Prune | None:
    if one is None or many is None:
        return many if one is None else one

    def prune(value: Any) -> list[str] | None:
        return one(value) if type(value) is dict else many(value)

    return prune
