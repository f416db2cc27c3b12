"""How the definitions of a bundle refer to each other: circles, nesting, and what they cost.

A circle that never leaves the instance would recurse for ever in the validator (a crash, CWE-674),
so it is refused at load. Alternatives that nest multiply: `is_valid` pays for each dynamically
closed place above another, and the error path pays for every alternative and is exponential on
circles of them (10 s at depth 16). Both are counted here; nothing here recurses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yett.policy.keywords import KEYWORDS, Where

PREFIX = "#/$defs/"
ALTERNATIVES = frozenset({"anyOf", "oneOf", "if", "unevaluatedProperties", "contains", "not"})
UNBOUNDED = 1 << 20
_SAME = (Where.SAME, Where.SAME_LIST, Where.SAME_MAP)


class Links:
    """What one schema refers to.

    Args:
        all: names of definitions, anywhere in it.
        same: those that apply to the same instance.
        alternatives: how many keywords with a choice it has, inline.
    """

    __slots__ = ("all", "alternatives", "same")

    def __init__(self, schema: Any) -> None:
        self.all: set[str] = set()
        self.same: set[str] = set()
        self.alternatives = 0
        stack = [(schema, True)]
        while stack:
            node, same = stack.pop()
            if not isinstance(node, dict):
                continue
            if "$ref" in node:
                name = node["$ref"][len(PREFIX) :]
                self.all.add(name)
                if same:
                    self.same.add(name)
            self.alternatives += len(ALTERNATIVES & node.keys())
            stack.extend(_below(node, same))


def _below(node: dict[str, Any], same: bool) -> Iterator[tuple[Any, bool]]:
    for keyword, value in node.items():
        row = KEYWORDS.get(keyword)
        if row is None or row[0] is Where.VALUE or keyword == "$ref":
            continue
        stays = same and (row[0] in _SAME or keyword in ("if", "not"))
        if isinstance(value, list):
            yield from ((item, stays) for item in value)
        elif row[0] in (Where.SAME_MAP, Where.CHILD_MAP):
            yield from ((item, stays) for item in value.values())
        else:
            yield value, stays


def components(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components, each before those that refer to it (Tarjan)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    held: dict[str, None] = {}
    found: list[list[str]] = []
    for start, first in edges.items():
        if start in order:
            continue
        order[start] = low[start] = len(order)
        held[start] = None
        work = [(start, iter(sorted(first)))]
        while work:
            name, rest = work[-1]
            for after in rest:
                if after not in order:
                    order[after] = low[after] = len(order)
                    held[after] = None
                    work.append((after, iter(sorted(edges.get(after, ())))))
                    break
                if after in held:
                    low[name] = min(low[name], order[after])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == order[name]:
                    found.append(_pop_until(held, name))
    return found


def _pop_until(held: dict[str, None], name: str) -> list[str]:
    group: list[str] = []
    while not group or group[-1] != name:
        group.append(held.popitem()[0])
    return group


class Graph:
    """The definitions and what they cost together."""

    def __init__(self, defs: dict[str, Any]) -> None:
        self.links = {name: Links(schema) for name, schema in defs.items()}
        self.edges = {name: links.all for name, links in self.links.items()}
        self.groups = components(self.edges)

    def endless(self) -> list[str]:
        """Return definitions that apply themselves to the same instance."""
        same = {name: links.same for name, links in self.links.items()}
        return [
            name
            for group in components(same)
            for name in group
            if len(group) > 1 or name in same[name]
        ]

    def nesting(self, dynamic: set[str]) -> dict[str, int]:
        """Return, for each definition, how many of `dynamic` nest from it on downwards.

        A circle counts each of its members once, because the validator remembers answers there.
        """
        depth: dict[str, int] = {}
        for group in self.groups:
            below = max((depth[n] for g in group for n in self.edges[g] if n in depth), default=0)
            total = below + sum(name in dynamic for name in group)
            depth.update(dict.fromkeys(group, total))
        return depth

    def choices(self) -> dict[str, int]:
        """Return how deep alternatives nest below each definition; circles are `UNBOUNDED`."""
        depth: dict[str, int] = {}
        for group in self.groups:
            below = max((depth[n] for g in group for n in self.edges[g] if n in depth), default=0)
            own = sum(self.links[name].alternatives for name in group)
            circle = len(group) > 1 or group[0] in self.edges[group[0]]
            total = UNBOUNDED if circle and own else min(below + own, UNBOUNDED)
            depth.update(dict.fromkeys(group, total))
        return depth
