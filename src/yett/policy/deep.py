"""Bracketed names: `filter[a]=1`, `expand[]=x`, `items[0][price]=2` as one nested value.

OpenAPI leaves everything below one level undefined (3.2.0 s4.12.2); contracts such as Stripe's
declare it all the same and mean the reading here: brackets name members where the schema has an
object, `[]` appends and `[0]`, `[1]` count without gaps where it has an array. Bounded and
iterative on the way in; what the schema does not declare becomes text for the validator to refuse.
"""

from __future__ import annotations

import re
from typing import Any

from yett.policy.coerce import TEXT, UNREADABLE, Kind, scalar_reader

MAX_BRACKETS = 8
MAX_ITEMS = 1_000

_NAME = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])+")
_INDEX = re.compile(r"0|[1-9][0-9]{0,3}")


def split_name(name: str) -> list[str] | None:
    """Return `["a", "b", ""]` for `a[b][]`, None when it is no bracketed name."""
    if not _NAME.fullmatch(name):
        return None
    tokens = name[:-1].replace("][", "[").split("[")
    return tokens if len(tokens) <= MAX_BRACKETS + 1 else None


def insert(tree: dict[str, Any], tokens: list[str], text: str) -> bool:
    """Put one text into the tree; False when its place is taken or is both leaf and branch."""
    for token in tokens[:-1]:
        below = tree.setdefault(token, {})
        if not isinstance(below, dict):
            return False
        tree = below
    last = tokens[-1]
    if last == "":
        listed = tree.setdefault("", [])
        if not isinstance(listed, list) or len(listed) >= MAX_ITEMS:
            return False
        listed.append(text)
        return True
    if last in tree:
        return False
    tree[last] = text
    return True


def shape(tree: Any, kind: Kind) -> Any:
    """Turn the tree into the value its schema means, or UNREADABLE. Depth is `MAX_BRACKETS`."""
    if isinstance(tree, str):
        return scalar_reader(kind)(tree) if kind.scalars else UNREADABLE
    if kind.items is not None and all(k == "" or _INDEX.fullmatch(k) for k in tree):
        return _list(tree, kind.items)
    found: dict[str, Any] = {}
    for name, below in tree.items():
        inner = (kind.fields or {}).get(name) or kind.extra or TEXT
        if name == "" or isinstance(below, list):
            return UNREADABLE
        found[name] = shape(below, inner if isinstance(below, str) else _open(inner))
        if found[name] is UNREADABLE:
            return UNREADABLE
    return found


def _open(kind: Kind) -> Kind:
    """Let a branch below something undeclared be read as an object of texts."""
    return Kind(scalars=(), fields={}) if kind is TEXT else kind


def _list(tree: dict[str, Any], item: Kind) -> Any:
    appended = tree.get("")
    if appended is not None:
        if len(tree) > 1 or not isinstance(appended, list):
            return UNREADABLE
        values = [shape(text, item) for text in appended]
    else:
        if [int(k) for k in tree] != list(range(len(tree))):
            return UNREADABLE
        values = [shape(below, item) for below in tree.values()]
    return UNREADABLE if UNREADABLE in values else values
