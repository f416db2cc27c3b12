"""The tree of path segments that the route table is: static, mixed and parameter children.

A template becomes a path of nodes; what a segment may be is decided here, which operation answers
is `routes.Router`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Generic, TypeVar

Leaf = TypeVar("Leaf")

_PARAMETER = re.compile(r"\{[^{}]*\}")


class Node(Generic[Leaf]):
    """One position in the table; built once, then only read."""

    __slots__ = ("allow", "label", "leaves", "mixed", "parameter", "rivals", "static")

    def __init__(self) -> None:
        self.static: dict[str, Node[Leaf]] = {}
        self.mixed: dict[str, tuple[re.Pattern[str], Node[Leaf]]] = {}
        self.parameter: Node[Leaf] | None = None
        self.leaves: dict[str, Leaf] = {}
        self.allow = b""
        self.label = ""
        self.rivals: tuple[tuple[re.Pattern[str], ...], ...] = ()


def template_segments(template: str) -> tuple[str, ...]:
    """Split a path template the way `wire.target` splits a path: `/a/{b}` is `("a", "{b}")`."""
    return tuple(template.split("/")[1:])


def child_of(node: Node[Leaf], part: str) -> Node[Leaf]:
    """Return the child for a segment of a template, made when it is new."""
    if "{" not in part:
        return node.static.setdefault(part, Node())
    if _PARAMETER.fullmatch(part):
        if node.parameter is None:
            node.parameter = Node()
        return node.parameter
    pattern = mixed_pattern(part)
    if pattern not in node.mixed:
        node.mixed[pattern] = (re.compile(pattern), Node())
    return node.mixed[pattern][1]


def mixed_pattern(part: str) -> str:
    """Turn `{a}...{b}` into a regex; a value stops at the literal that follows it.

    `[^x]+` before a literal that starts with `x` keeps the match linear (CWE-1333).
    """
    pieces = re.split(r"\{[^{}]*\}", part)
    pattern = re.escape(pieces[0])
    for piece in pieces[1:]:
        pattern += f"([^{re.escape(piece[0])}]+)" + re.escape(piece) if piece else "(.+)"
    return pattern


def all_nodes(node: Node[Leaf]) -> Iterator[Node[Leaf]]:
    """Yield a node and all below it."""
    yield node
    children = [*node.static.values(), *(child for _, child in node.mixed.values())]
    if node.parameter is not None:
        children.append(node.parameter)
    for child in children:
        yield from all_nodes(child)
