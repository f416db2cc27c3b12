"""The tree that says, for each place of a value, whether a string there is looked at, and how.

Made once for an operation by `freetext.Outline`, bound to detectors, then walked for each request
by `walk.Walk`. It may lead back to itself, as schemas do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from yett.terms import Mode

ANY_NAME = "*"

# Looks at one string: see `injection.detect.Detector`.
Look = Callable[[str], str | None]

_EMPTY: frozenset[str] = frozenset()


class Spot:
    """A place in a value: what to do with a string here, and where to go below.

    Args:
        mode: what a hit here means; `off` when strings here are held by the contract.
        names: the same for the names of members no schema names.
        profile: the kind of text, of `rules.PROFILES`.
        look: what to ask of a string here; None when strings are not scanned. Set by `bind`.
        look_at_name: the same for the names of members no schema names.
        fields: named members; None is a member with nothing to scan.
        knows: whether all names of a value are among them. Set by `bind`.
        scanned: the others, with their names. Set by `bind`.
        extra: members no schema names.
        items: array items.
        prefix: the leading items of a tuple.
    """

    __slots__ = (
        "extra",
        "fields",
        "items",
        "knows",
        "look",
        "look_at_name",
        "mode",
        "names",
        "prefix",
        "profile",
        "scanned",
    )

    def __init__(self, mode: Mode, profile: str) -> None:
        self.mode = self.names = mode
        self.profile = profile
        self.fields: dict[str, Spot | None] = {}
        self.extra: Spot | None = self
        self.items: Spot | None = self
        self.prefix: tuple[Spot | None, ...] = ()
        self.knows: Callable[[Iterable[str]], bool] = _EMPTY.issuperset
        self.scanned: tuple[tuple[str, Spot], ...] = ()
        self.look: Look | None = None
        self.look_at_name: Look | None = None


def bind(spots: Iterable[Spot | None], looks: Mapping[str, Look]) -> None:
    """Give every spot that can be reached from `spots` its `look`, by its profile."""
    waiting, seen = [spot for spot in spots if spot], set()
    while waiting:
        spot = waiting.pop()
        if id(spot) in seen:
            continue
        seen.add(id(spot))
        look = looks[spot.profile]
        spot.look = None if spot.mode is Mode.OFF else look
        spot.look_at_name = None if spot.names is Mode.OFF else look
        spot.knows = frozenset(spot.fields).issuperset
        spot.scanned = tuple((name, inner) for name, inner in spot.fields.items() if inner)
        below = (*spot.fields.values(), *spot.prefix, spot.extra, spot.items)
        waiting += [inner for inner in below if inner]
