"""Walks one request's values along a tree of spots and keeps the hit that counts.

It keeps its own stack, so that depth costs no recursion, and a budget, so that no request costs
more than its share of the loop. A place is put into words only for a hit.
"""

from __future__ import annotations

from typing import Any

from yett.policy.injection.detect import detect_key
from yett.policy.injection.spots import ANY_NAME, Spot
from yett.terms import Mode

# Text of one request that is looked at: the worst input found costs 0.3 us a character, so 40 ms;
# prose costs a fifth. A request with more is a hit of its own: what was not read is not clean.
MAX_SCANNED_CHARS = 131_072
# What a short string costs beyond its length, so that 50,000 of them are not free.
CHARS_PER_STRING = 32
TOO_MUCH_TEXT = "rule:too-much-text"

Hit = tuple[str, str, Mode]
# A place as a chain from the inside out: (what it is in, its token).
Trail = tuple[Any, str | int] | None


class Walk:
    """The scan of one request; `hit` is the answer after the last `visit`."""

    __slots__ = ("_left", "_settled", "hit")

    def __init__(self) -> None:
        self._left = MAX_SCANNED_CHARS
        self._settled = False
        self.hit: Hit | None = None

    def visit(self, spot: Spot, value: Any, place: Trail) -> None:
        """Scan a value at `place`: (location, name) of a parameter, None for the body."""
        if type(value) is str:
            self._read(spot, value, place)
            return
        stack: list[tuple[Spot, Any, Trail]] = [(spot, value, place)]
        while stack and not self._settled:
            spot, value, place = stack.pop()
            kind = type(value)
            if kind is dict:
                self._read_members(spot, value, place, stack)
            elif kind is list or kind is tuple:
                self._read_items(spot, value, place, stack)

    def _read_members(
        self, spot: Spot, value: dict[str, Any], place: Trail, stack: list[tuple[Spot, Any, Trail]]
    ) -> None:
        if not spot.knows(value):
            for key, stray in value.items():
                if key not in spot.fields:
                    self._read_name(spot, key, stray, place)
                    if spot.extra is not None:
                        self._enter(spot.extra, stray, place, ANY_NAME, stack)
        # What `_enter` does, written out, and only for members with something to scan: a body of
        # the bench contract has 38 members and 14 of those (10 us with a call for each member, 5).
        for key, inner in spot.scanned:
            item: Any = value.get(key)
            kind = type(item)
            if kind is str:
                look = inner.look
                if look is not None and (found := look(item)) is not None:
                    self._left -= len(item) + CHARS_PER_STRING
                    if found or self._left < 0:
                        self._note(found, inner.mode, (place, key))
            elif kind is dict or kind is list or kind is tuple:
                stack.append((inner, item, (place, key)))

    def _read_items(
        self, spot: Spot, value: list[Any], place: Trail, stack: list[tuple[Spot, Any, Trail]]
    ) -> None:
        inner, prefix = spot.items, spot.prefix
        if inner is None and not prefix:
            return
        for index, item in enumerate(value):
            if prefix:
                inner = prefix[index] if index < len(prefix) else spot.items
            if inner is None:
                continue
            # What `_enter` does, written out: 0.1 us an item.
            kind = type(item)
            if kind is dict or kind is list or kind is tuple:
                stack.append((inner, item, (place, index)))
            elif kind is str:
                self._read(inner, item, (place, index))

    def _enter(
        self,
        spot: Spot,
        item: Any,
        place: Trail,
        token: str | int,
        stack: list[tuple[Spot, Any, Trail]],
    ) -> None:
        kind = type(item)
        if kind is str:
            self._read(spot, item, (place, token))
        elif kind is dict or kind is list or kind is tuple:
            stack.append((spot, item, (place, token)))

    def _read(self, spot: Spot, text: str, place: Trail) -> None:
        if spot.look is not None and (found := spot.look(text)) is not None:
            self._left -= len(text) + CHARS_PER_STRING
            self._note(found, spot.mode, place)

    def _read_name(self, spot: Spot, key: str, item: Any, place: Trail) -> None:
        if spot.look_at_name is not None:
            found = detect_key(key, item, spot.look_at_name)
            if found is not None:
                self._left -= len(key) + CHARS_PER_STRING
                self._note(found, spot.names, (place, ANY_NAME))

    def _note(self, found: str, mode: Mode, place: Trail) -> None:
        """Keep what was found; a budget that is used up is a finding, too."""
        if self._left < 0:
            found = found or TOO_MUCH_TEXT
        if found and not self._settled and (self.hit is None or mode is Mode.ENFORCE):
            self.hit = (_where(place), found, mode)
            self._settled = mode is Mode.ENFORCE


def _where(place: Trail) -> str:
    tokens: list[str] = []
    while place is not None:
        outer, token = place
        tokens.append(str(token).replace("~", "~0").replace("/", "~1"))
        if isinstance(outer, str):  # (location, name): a parameter
            return "/".join([outer, *reversed(tokens)])
        place = outer
    return "".join(f"/{token}" for token in reversed(tokens))
