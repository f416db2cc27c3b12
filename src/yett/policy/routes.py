"""The route table: decoded path segments to at most one operation.

A static segment beats a mixed one (`{id}.json`), which beats a parameter; the order of declaration
never matters. Where two templates cross, each the more exact somewhere, a path that fits both has
two readings (the service behind may choose the other), so that path is not served: docs/adr/0004.
A path that matches a static template is never lent to a parameterised one for its method
(OpenAPI 3.1 s4.8.8.2, "concrete definitions are matched before their templated counterparts").
"""

from __future__ import annotations

import re
from typing import Generic

from yett.policy.crossings import crossings
from yett.policy.route_tree import (
    Leaf,
    Node,
    all_nodes,
    child_of,
    mixed_pattern,
    template_segments,
)


class RouteConflict(ValueError):  # noqa: N818 — a named finding, not a failure of the program
    """Two declarations claim the same method and path; `first` and `second` are their labels."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"`{first}` and `{second}` match the same requests")
        self.first = first
        self.second = second


class Router(Generic[Leaf]):
    """Finds the operation of a request. `add` all routes, then `seal`, then only `find`."""

    __slots__ = ("_fallbacks", "_owned", "_root")

    def __init__(self) -> None:
        self._root: Node[Leaf] = Node()
        self._owned: tuple[tuple[str, ...], ...] = ()
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
            node = child_of(node, part)
        label = f"{method} {template}"
        if method in node.leaves:
            raise RouteConflict(f"{method} {node.label}", label)
        node.leaves[method] = leaf
        node.label = node.label or template

    def fall_back(self, base: tuple[str, ...], leaf: Leaf, *, owned: bool = False) -> None:
        """Name what answers below `base` when nothing is declared (route rule not enforced).

        Where it is `owned`, whatever is declared: `/{shop}/{page}` of a service must not get the
        passwords and codes that are sent to the issuer's `/auth/sign-in`.
        """
        if owned:
            self._owned += (base,)
        self._fallbacks.append((base, leaf))
        self._fallbacks.sort(key=lambda item: -len(item[0]))

    def seal(self) -> tuple[tuple[str, str], ...]:
        """Prepare `Allow` and the crossings; answers the pairs of templates that cross."""
        crossing = tuple(crossings(self._root))
        for one, two in crossing:
            one.rivals += (_matcher(two.label),)
            two.rivals += (_matcher(one.label),)
        for node in all_nodes(self._root):
            node.allow = ", ".join(sorted(node.leaves)).encode()
        return tuple((one.label, two.label) for one, two in crossing)

    def find(self, segments: tuple[str, ...]) -> tuple[Node[Leaf], tuple[str, ...]] | None:
        """Return the node and the template's parameter values in order, or None.

        A path of plain static and parameter segments costs about 0.4 us; only a dead end
        backtracks, and then no further than there are nodes.
        """
        if self._owned and self.owned(segments):
            return None
        found = _walk(self._root, segments, 0, ())
        if found is not None and found[0].rivals and _contested(found[0], segments):
            return None
        return found

    def owned(self, segments: tuple[str, ...]) -> bool:
        """Whether a path lies below a base where nothing that is declared answers."""
        return any(segments[: len(base)] == base for base in self._owned)

    def fallback(self, segments: tuple[str, ...]) -> Leaf | None:
        """Return what answers for an undeclared path, or None when it is refused."""
        for base, leaf in self._fallbacks:
            if segments[: len(base)] == base:
                return leaf
        return None


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


def _contested(node: Node[Leaf], segments: tuple[str, ...]) -> bool:
    """Whether a crossing template fits the same path."""
    return any(
        len(rival) == len(segments)
        and all(pattern.fullmatch(part) for pattern, part in zip(rival, segments, strict=True))
        for rival in node.rivals
    )


def _matcher(template: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(mixed_pattern(part), re.DOTALL) for part in template_segments(template))
