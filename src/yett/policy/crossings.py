"""Templates that cross: some path fits both, and each is the more exact one somewhere.

The tree is walked in pairs once, when the table is sealed. Two mixed segments are taken to overlap.
See docs/adr/0004.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from yett.policy.route_tree import Leaf, Node


def crossings(root: Node[Leaf]) -> Iterator[tuple[Node[Leaf], Node[Leaf]]]:
    """Yield pairs of nodes that share a path while each is more exact than the other somewhere."""
    stack: list[tuple[Node[Leaf], Node[Leaf], bool, bool]] = [(root, root, False, False)]
    seen: set[tuple[int, int, bool, bool]] = set()
    reported: set[frozenset[int]] = set()
    while stack:
        one, two, one_wins, two_wins = stack.pop()
        key = (id(one), id(two), one_wins, two_wins)
        if key in seen:
            continue
        seen.add(key)
        pair = frozenset((id(one), id(two)))
        crossing = one is not two and one.leaves and two.leaves and one_wins == two_wins
        if crossing and pair not in reported:
            reported.add(pair)
            yield one, two
        stack.extend(_overlaps(one, two, one_wins, two_wins))


def _overlaps(
    one: Node[Leaf], two: Node[Leaf], one_wins: bool, two_wins: bool
) -> Iterator[tuple[Node[Leaf], Node[Leaf], bool, bool]]:
    for rank, part, child in _edges(one):
        for other in _partners(two, rank, part):
            wins = rank - other[0]
            if one is two and wins > 0:
                continue  # the mirrored pair is enough where both sides are the same node
            yield child, other[1], one_wins or wins < 0, two_wins or wins > 0


def _partners(node: Node[Leaf], rank: int, part: str) -> Iterator[tuple[int, Node[Leaf]]]:
    """Children of `node` that some segment fits together with the edge (rank, part)."""
    if rank == 0:
        same = node.static.get(part)
        if same is not None:
            yield 0, same
        for pattern, child in node.mixed.values():
            if pattern.fullmatch(part):
                yield 1, child
        if node.parameter is not None and part:
            yield 2, node.parameter
        return
    fits = re.compile(part if rank == 1 else ".+")
    for text, child in node.static.items():
        if fits.fullmatch(text):
            yield 0, child
    # Two different mixed patterns are taken to overlap: proving that they do not is not worth it.
    for _, child in node.mixed.values():
        yield 1, child
    if node.parameter is not None:
        yield 2, node.parameter


def _edges(node: Node[Leaf]) -> list[tuple[int, str, Node[Leaf]]]:
    """Each child with its rank: 0 static, 1 mixed, 2 parameter."""
    edges = [(0, part, child) for part, child in node.static.items()]
    edges += [(1, pattern, child) for pattern, (_, child) in node.mixed.items()]
    if node.parameter is not None:
        edges.append((2, "", node.parameter))
    return edges
