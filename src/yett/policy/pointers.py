"""Local references of one document: JSON Pointers (RFC 6901 s6) and anchors of JSON Schema 2020-12.

Never fetches anything: a reference that leaves the document is an error, so that compiling a
contract cannot be turned into a request (CWE-918). Walks iteratively; hostile nesting costs memory
in proportion, never the stack.
"""

from __future__ import annotations

import re
from typing import Any

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
MAX_REF_HOPS = 64


class RefError(Exception):
    """A reference that cannot be followed; the message names it."""


class Document:
    """The document that `#/...` and `#anchor` references point into."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._anchors: dict[str, list[Any]] | None = None

    def resolve(self, ref: str) -> Any:
        """Return the value that `ref` points to.

        Raises:
            RefError: the reference leaves the document, is malformed or dangles.
        """
        if not ref.startswith("#"):
            raise RefError(f"`{ref}` leaves the document")
        fragment = _decode(ref[1:])
        if fragment and not fragment.startswith("/"):
            return self._anchor(fragment)
        node = self.root
        for token in fragment.split("/")[1:]:
            node = _step(node, token.replace("~1", "/").replace("~0", "~"), ref)
        return node

    def follow(self, node: Any) -> Any:
        """Follow pure references (no other keyword beside `$ref`) to what they end at.

        Raises:
            RefError: as `resolve`, or the references run in a circle.
        """
        for _ in range(MAX_REF_HOPS):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return node
            if len(node) > 1:
                return node
            node = self.resolve(node["$ref"])
        raise RefError(f"`{node['$ref']}` is part of a circle of references")

    def _anchor(self, name: str) -> Any:
        if self._anchors is None:
            self._anchors = _index_anchors(self.root)
        found = self._anchors.get(name, [])
        if len(found) != 1:
            raise RefError(f"`#{name}` names {len(found)} anchors, it must name one")
        return found[0]


def _decode(fragment: str) -> str:
    # `#/components/schemas/a%7Bb%7D` is legal (RFC 6901 s6); DigitalOcean's document has such.
    if _BAD_PERCENT.search(fragment):
        raise RefError(f"`#{fragment}` has a malformed percent-encoding")
    try:
        return _PERCENT.sub(
            lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8"), fragment
        )
    except UnicodeDecodeError:
        raise RefError(f"`#{fragment}` is not UTF-8 once decoded") from None


def _step(node: Any, token: str, ref: str) -> Any:
    if isinstance(node, dict) and token in node:
        return node[token]
    if isinstance(node, list) and token.isascii() and token.isdigit() and len(token) < 8:
        index = int(token)
        if index < len(node):
            return node[index]
    raise RefError(f"`{ref}` points to nothing")


def _index_anchors(root: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if not isinstance(node, (dict, list)) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            for name in {node.get("$anchor"), node.get("$dynamicAnchor")} - {None}:
                if isinstance(name, str):
                    found.setdefault(name, []).append(node)
        stack.extend(node.values() if isinstance(node, dict) else node)
    return found
