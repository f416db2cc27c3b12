"""Discriminators as chains of `if`/`then`: the named branch is the one that must match.

Deciding by the tag makes one branch count instead of all, so that validation is linear and each
branch can close its own fields. A discriminator whose tags cannot be told apart is left as the
plain `oneOf` or `anyOf` it stands on. OpenAPI 3.0.4 s4.7.25, 3.2.0 s4.25 (`defaultMapping`).
"""

from __future__ import annotations

from typing import Any

from yett.policy.closing import Closing
from yett.policy.pointers import RefError
from yett.policy.rules import SCHEMA_DISCRIMINATOR
from yett.policy.schemas import Schemas

COMPONENT = "#/components/schemas/"
MAX_BRANCHES = 500


class Discriminators:
    """Makes the chain of a node, once."""

    def __init__(self, schemas: Schemas, closing: Closing) -> None:
        self.schemas = schemas
        self.closing = closing
        self._chains: dict[int, dict[str, Any] | None] = {}
        self._bases: set[int] = set()

    def chain(self, node: Any) -> dict[str, Any] | None:
        """Return `node` as a chain, or None when it has no usable discriminator."""
        if not isinstance(node, dict) or not isinstance(node.get("discriminator"), dict):
            return None
        if id(node) not in self._chains:
            self._chains[id(node)] = None  # while it is being made, and if it cannot be
            self._chains[id(node)] = self._make(node)
            self.schemas.keep(node)
        return self._chains[id(node)]

    def is_base(self, node: Any) -> bool:
        """Whether the node is the parent of an inheritance, which is a branch of its own chain."""
        return id(node) in self._bases

    def _make(self, node: dict[str, Any]) -> dict[str, Any] | None:
        rule = node["discriminator"]
        tag = rule.get("propertyName")
        own = self.schemas.own(node)
        if not isinstance(tag, str) or not isinstance(own, dict):
            return None
        listed = own.get("oneOf") or own.get("anyOf")
        if listed is None:
            return self._inheritance(node, rule, tag)
        if own.keys() - {"oneOf", "anyOf", "type", "required", "properties"}:
            return None
        if own.get("properties", {}).keys() - {tag} or len(listed) > MAX_BRANCHES:
            return None
        default = rule.get("defaultMapping")
        return self._links(tag, self._tags(listed, rule, tag), self._named(default), own)

    def _inheritance(
        self, node: dict[str, Any], rule: dict[str, Any], tag: str
    ) -> dict[str, Any] | None:
        """Parent schemas whose children repeat them by `allOf`: only `mapping` names them."""
        mapping = rule.get("mapping")
        if not isinstance(mapping, dict) or not mapping:
            return None
        tags: dict[str, Any] | None = {}
        for value, ref in mapping.items():
            child = self._named(ref)
            if child is None or tags is None:
                return None
            tags[str(value)] = child
        assert tags is not None
        if any(child is node for child in tags.values()):
            self._bases.add(id(node))
        return self._links(tag, tags, None, {"type": "object"})

    def _tags(self, listed: list[Any], rule: dict[str, Any], tag: str) -> dict[str, Any] | None:
        """Return tag -> branch, None when two branches share a tag or one has none."""
        mapping = rule.get("mapping")
        named: dict[int, list[str]] = {}
        for value, ref in (mapping if isinstance(mapping, dict) else {}).items():
            branch = self._named(ref)
            if branch is not None:
                named.setdefault(id(branch), []).append(str(value))
        tags: dict[str, Any] = {}
        for entry in listed:
            branch = self.schemas.settle(entry)
            values = named.get(id(branch)) or self._declared(branch, tag) or _implicit(entry)
            if not values or self.chain(branch) is not None:
                return None
            if tag not in self.closing.reach(branch).owners:
                return None  # the branch would refuse its own tag once closed
            for value in values:
                if tags.setdefault(value, branch) is not branch:
                    return None
        return tags

    def _declared(self, branch: Any, tag: str) -> list[str]:
        """Return the values a branch itself allows for the tag.

        OpenAI's document names its branches other than the tags they carry; what the branch says
        about its tag is what its instances look like.
        """
        for node in self.closing.reach(branch).owners.get(tag, ()):
            own = self.schemas.own(self.schemas.settle(node))
            if isinstance(own, dict):
                values = own.get("enum", [own["const"]] if "const" in own else [])
                if values and all(isinstance(value, str) for value in values):
                    return list(values)
        return []

    def _named(self, ref: Any) -> Any:
        if not isinstance(ref, str):
            return None
        ref = ref if "#" in ref else COMPONENT + ref
        try:
            self.schemas.document.resolve(ref)
        except RefError:
            self.schemas.notes.add(
                SCHEMA_DISCRIMINATOR,
                f"`{ref}` is mapped to by a discriminator and is not there",
                "name a schema of `components`",
            )
            return None
        return self.schemas.settle(self.schemas.target(ref))

    def _links(
        self, tag: str, tags: dict[str, Any] | None, default: Any, own: dict[str, Any]
    ) -> dict[str, Any] | None:
        if not tags:
            return None
        grouped: dict[int, tuple[Any, list[str]]] = {}
        for value, branch in tags.items():
            grouped.setdefault(id(branch), (branch, []))[1].append(value)
        links = [_link(tag, values, branch) for branch, values in grouped.values()]
        if default is not None:
            known = {"properties": {tag: {"enum": list(tags)}}, "required": [tag]}
            links.append({"if": {"not": known}, "then": default})
            open_chain: dict[str, Any] = {"allOf": links}
            self.schemas.keep(open_chain)
            return open_chain
        chained: dict[str, Any] = {
            "properties": {tag: {"enum": list(tags)}},
            "required": sorted({tag, *own.get("required", ())}),
            "allOf": links,
        }
        chained["type"] = own.get("type", "object")
        self.schemas.keep(chained)
        return chained


def _link(tag: str, values: list[str], branch: Any) -> dict[str, Any]:
    question = {"properties": {tag: {"enum": values}}, "required": [tag]}
    return {"if": question, "then": branch}


def _implicit(entry: Any) -> list[str]:
    ref = entry.get("$ref") if isinstance(entry, dict) else None
    return [ref.rsplit("/", 1)[1]] if isinstance(ref, str) and "/" in ref else []
