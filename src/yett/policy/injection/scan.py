"""Compiles the scan of one operation: values -> (where, fingerprint, mode) of the hit that counts.

The first hit at a place that enforces wins; else the first that is only observed. `where` is
`query/name` or a JSON pointer; members no schema names appear as `*`, because their names are the
client's. Bytes (a file of a form) are content, not text, and are not scanned.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from yett.policy.injection.detect import Detector, make_detector
from yett.policy.injection.freetext import Outline
from yett.policy.injection.library import Library, load_library
from yett.policy.injection.rules import PLAIN, PROFILES
from yett.policy.injection.spots import ANY_NAME, Spot, bind
from yett.policy.injection.walk import Hit, Walk
from yett.policy.model import TextScan, TextSource
from yett.terms import Mode

Spots = dict[str, dict[str, Spot | None]]
_NONE: dict[str, Spot | None] = {}


class UnknownPlaceError(ValueError):
    """Settings of an operation name `places` that its input does not have."""

    def __init__(self, places: tuple[str, ...]) -> None:
        super().__init__(", ".join(places))
        self.places = places


def build_scan(
    source: TextSource,
    settings: Mapping[str, Mode],
    default: Mode,
    *,
    library: Library | None = None,
) -> TextScan | None:
    """Compile the scan of one operation; None when it has no free text or all of it is `off`.

    Args:
        source: the schemas of its parameters and bodies.
        settings: modes of single fields (`x-yett.text`): `query/name` or a JSON pointer, with `*`
            for any array item and any member no schema names; they hold for everything below.
        default: the mode of the rule.
        library: libinjection; loaded when there is something to scan.

    Raises:
        UnknownPlaceError: a setting names no place: a typing error must not pass for a setting.
        ContractError: there is something to scan, and no libinjection to scan it with.
    """
    outline = Outline(source.root, settings)
    spots = _parameter_spots(source, outline, default)
    body = outline.spot(source.bodies, "", default) if source.bodies else None
    if unused := outline.unused():
        raise UnknownPlaceError(unused)
    if body is None and not any(spot for group in spots.values() for spot in group.values()):
        return None
    other = None if default is Mode.OFF else Spot(default, PLAIN)
    reached = [body, other, *(spot for group in spots.values() for spot in group.values())]
    bind(reached, _make_detectors(library or load_library()))

    def scan(values: dict[str, dict[str, Any]], content: Any) -> Hit | None:
        walk = Walk()
        for location, group in values.items():
            known = spots.get(location, _NONE)
            for name, value in group.items():
                spot = known.get(name, other)
                if spot is not None:
                    walk.visit(spot, value, (location, name if name in known else ANY_NAME))
        if body is not None and content is not None:
            walk.visit(body, content, None)
        return walk.hit

    return scan


@functools.lru_cache(maxsize=4)
def _make_detectors(library: Library) -> dict[str, Detector]:
    return {profile: make_detector(profile, library) for profile in PROFILES}


def _parameter_spots(source: TextSource, outline: Outline, default: Mode) -> Spots:
    spots: Spots = {}
    for where, schema in source.parameters:
        location, _, name = where.partition("/")
        spots.setdefault(location, {})[name] = outline.spot((schema,), where, default)
    return spots
