"""What properties are labelled with (`x-yett-class`, `x-yett-ref`): which word at which pointers.

Walks properties and items from the record down. A word that cannot be written as a finite set of
pointers, because it stands inside a schema that contains itself, is an error: a class would leak
there, a reference go unchecked.
"""

from __future__ import annotations

from typing import Any

from yett.policy.authz.facets import EVERY, Facets
from yett.policy.authz.model import Pointer

CLASS = "x-yett-class"
MAX_DEPTH = 24
MAX_POINTERS = 10_000


class EndlessClassError(Exception):
    """A class, or another word, stands inside a schema that contains itself; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def class_pointers(
    facets: Facets, nodes: tuple[Any, ...], key: str = CLASS, *, readable: bool = True
) -> dict[str, tuple[Pointer, ...]]:
    """Return class -> pointers of the values that carry it, `*` for every item.

    Args:
        facets: reads the schemas.
        nodes: the schemas to begin with.
        key: the keyword whose words are looked for.
        readable: False leaves out what is `readOnly`.

    Raises:
        EndlessClassError: a class can be at any depth.
    """
    found: dict[str, list[Pointer]] = {}
    open_: list[tuple[tuple[Any, ...], Pointer, frozenset[int]]] = [(nodes, (), frozenset())]
    steps = 0
    walked: set[int] = set()
    while open_:
        here, pointer, above = open_.pop()
        steps += 1
        if pointer and not readable and facets.says(here, "readOnly"):
            continue
        names = sorted(facets.words(here, key)) if pointer or key != CLASS else []
        for name in names:
            found.setdefault(name, []).append(pointer)
        ids = frozenset(id(facet.node) for facet in facets.of(here))
        if ids & above or len(pointer) > MAX_DEPTH or steps > MAX_POINTERS:
            _refuse_endless(facets, here, key, walked)
            continue
        for token in dict.fromkeys((*facets.names(here), EVERY)):
            child = facets.child(here, token)
            if child is not None:
                open_.append((child.nodes, (*pointer, token), above | ids))
    return {name: tuple(sorted(pointers)) for name, pointers in found.items()}


def _refuse_endless(facets: Facets, nodes: tuple[Any, ...], key: str, seen: set[int]) -> None:
    """Refuse when a class is anywhere below; what repeats without one is of no interest.

    `seen` is kept for the next call: walking all of Stripe's schemas anew each time takes minutes.
    """
    open_ = [nodes]
    while open_:
        here = open_.pop()
        ids = {id(facet.node) for facet in facets.of(here)}
        if ids <= seen:
            continue
        seen |= ids
        for token in (*facets.names(here), EVERY):
            child = facets.child(here, token)
            if child is None:
                continue
            for name in facets.words(child.nodes, key):
                raise EndlessClassError(name)
            open_.append(child.nodes)
