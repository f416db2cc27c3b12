"""The route table: decoded path segments to at most one operation.

A static segment beats a mixed one (`{id}.json`), which beats a parameter; the order of declaration
never matters. Where two templates cross, each the more exact somewhere, a path that fits both has
two readings (the service behind may choose the other), so that path is not served: docs/adr/0004.
A path that matches a static template is never lent to a parameterised one for its method
(OpenAPI 3.1 s4.8.8.2, "concrete definitions are matched before their templated counterparts").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Generic, TypeVar

Leaf = TypeVar("Leaf")

_PARAMETER = re.compile(r"\{([^{}]*)\}")


class RouteConflict(ValueError):  # noqa: N818 — a named finding, not a failure of the program
    """Two declarations claim the same method and path; `first` and `second` are their labels."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"`{first}` and `{second}` match the same requests")
        self.first = first
        self.second = second


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


class Router(Generic[Leaf]):
    """Finds the operation of a request. `add` all routes, then `seal`, then only `find`."""

    __slots__ = ("_fallbacks", "_root")

    def __init__(self) -> None:
        self._root: Node[Leaf] = Node()
        self._fallbacks: list[tuple[tuple[str, ...], Leaf]] = []

    def add(self, method: str, template: str, leaf: Leaf) -> None:
        """Declare an operation.

        Args:
            method: upper-case method.
            template: path with the API's base, such as `/v2/bookings/{id}`.
            leaf: what `find` answers.

        Raises:
            RouteConflict: when the method is declared twice on the same path.
        """
        node = self._root
        for part in template_segments(template):
            node = _child(node, part)
        label = f"{method} {template}"
        if method in node.leaves:
            raise RouteConflict(f"{method} {node.label}", label)
        node.leaves[method] = leaf
        node.label = node.label or template

    def fall_back(self, base: tuple[str, ...], leaf: Leaf) -> None:
        """Name what answers below `base` when nothing is declared (route rule not enforced)."""
        self._fallbacks.append((base, leaf))
        self._fallbacks.sort(key=lambda item: -len(item[0]))

    def seal(self) -> tuple[tuple[str, str], ...]:
        """Prepare `Allow` and the crossings; answers the pairs of templates that cross."""
        crossings = tuple(_crossings(self._root))
        for one, two in crossings:
            one.rivals += (_matcher(two.label),)
            two.rivals += (_matcher(one.label),)
        for node in _nodes(self._root):
            node.allow = ", ".join(sorted(node.leaves)).encode()
        return tuple((one.label, two.label) for one, two in crossings)

    def find(self, segments: tuple[str, ...]) -> tuple[Node[Leaf], tuple[str, ...]] | None:
        """Return the node and the template's parameter values in order, or None.

        A path of plain static and parameter segments costs about 0.4 us; only a dead end
        backtracks, and then no further than there are nodes.
        """
        found = _walk(self._root, segments, 0, ())
        if found is not None and found[0].rivals and _contested(found[0], segments):
            return None
        return found

    def fallback(self, segments: tuple[str, ...]) -> Leaf | None:
        """Return what answers for an undeclared path, or None when it is refused."""
        for base, leaf in self._fallbacks:
            if segments[: len(base)] == base:
                return leaf
        return None


def template_segments(template: str) -> tuple[str, ...]:
    """Split a path template the way `wire.target` splits a path: `/a/{b}` is `("a", "{b}")`."""
    return tuple(template.split("/")[1:])


def _child(node: Node[Leaf], part: str) -> Node[Leaf]:
    if "{" not in part:
        return node.static.setdefault(part, Node())
    if _PARAMETER.fullmatch(part):
        if node.parameter is None:
            node.parameter = Node()
        return node.parameter
    pattern = _mixed_pattern(part)
    if pattern not in node.mixed:
        node.mixed[pattern] = (re.compile(pattern), Node())
    return node.mixed[pattern][1]


def _mixed_pattern(part: str) -> str:
    """Turn `{a}...{b}` into a regex; a value stops at the literal that follows it.

    `[^x]+` before a literal that starts with `x` keeps the match linear (CWE-1333).
    """
    pieces = re.split(r"\{[^{}]*\}", part)
    pattern = re.escape(pieces[0])
    for piece in pieces[1:]:
        pattern += f"([^{re.escape(piece[0])}]+)" + re.escape(piece) if piece else "(.+)"
    return pattern


def _walk(
    node: Node[Leaf], segments: tuple[str, ...], at: int, values: tuple[str, ...]
) -> tuple[Node[Leaf], tuple[str, ...]] | None:
    while at < len(segments):
        part = segments[at]
        at += 1
        static = node.static.get(part)
        if static is not None:
            if node.parameter is None and not node.mixed:
                node = static
                continue
            found = _walk(static, segments, at, values)
            if found is not None:
                return found
        for pattern, child in node.mixed.values():
            match = pattern.fullmatch(part)
            if match is not None:
                found = _walk(child, segments, at, values + match.groups())
                if found is not None:
                    return found
        # An empty segment is a trailing slash: a different path, never an empty parameter.
        if node.parameter is None or not part:
            return None
        node = node.parameter
        values = (*values, part)
    return (node, values) if node.leaves else None


def _nodes(node: Node[Leaf]) -> Iterator[Node[Leaf]]:
    yield node
    children = [*node.static.values(), *(child for _, child in node.mixed.values())]
    if node.parameter is not None:
        children.append(node.parameter)
    for child in children:
        yield from _nodes(child)


def _edges(node: Node[Leaf]) -> list[tuple[int, str, Node[Leaf]]]:
    """Each child with its rank: 0 static, 1 mixed, 2 parameter."""
    edges = [(0, part, child) for part, child in node.static.items()]
    edges += [(1, pattern, child) for pattern, (_, child) in node.mixed.items()]
    if node.parameter is not None:
        edges.append((2, "", node.parameter))
    return edges


def _matcher(template: str) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(_mixed_pattern(part), re.DOTALL) for part in template_segments(template)
    )


def _contested(node: Node[Leaf], segments: tuple[str, ...]) -> bool:
    """Whether a crossing template fits the same path."""
    return any(
        len(rival) == len(segments)
        and all(pattern.fullmatch(part) for pattern, part in zip(rival, segments, strict=True))
        for rival in node.rivals
    )


def _crossings(root: Node[Leaf]) -> Iterator[tuple[Node[Leaf], Node[Leaf]]]:
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
