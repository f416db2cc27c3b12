"""Walks one request's values along a tree of spots and keeps the hit that counts.

It keeps its own stack, so that depth costs no recursion, and a budget, so that no request costs
more than its share of the loop. A place is put into words only for a hit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yett.policy.freetext import ANY_NAME, Spot
from yett.policy.injection.detect import Detector, detect_key
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
_MISSING: Any = object()


class Walk:
    """The scan of one request; `hit` is the answer after the last `visit`."""

    __slots__ = ("_detectors", "_left", "hit")

    def __init__(self, detectors: Mapping[str, Detector]) -> None:
        self._detectors = detectors
        self._left = MAX_SCANNED_CHARS
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
            if kind is str:
                self._read(spot, value, place)
            elif kind is dict:
                self._open(spot, value, place, stack)
            elif kind is list or kind is tuple:
                below = len(spot.prefix)
                for index, item in enumerate(value):
                    inner = spot.prefix[index] if index < below else spot.items
                    if inner is not None:
                        stack.append((inner, item, (place, index)))

    @property
    def _settled(self) -> bool:
        return self.hit is not None and self.hit[2] is Mode.ENFORCE

    def _open(
        self, spot: Spot, value: dict[str, Any], place: Trail, stack: list[tuple[Spot, Any, Trail]]
    ) -> None:
        fields, extra = spot.fields, spot.extra
        for key, item in value.items():
            inner = fields.get(key, _MISSING)
            if inner is _MISSING:
                self._read_name(spot, key, item, place)
                inner, key = extra, ANY_NAME  # noqa: PLW2901 — the name is the client's from here
            if inner is not None:
                stack.append((inner, item, (place, key)))

    def _read(self, spot: Spot, text: str, place: Trail) -> None:
        if spot.mode is not Mode.OFF and not self._settled:
            self._note(self._detectors[spot.profile](text), spot.mode, text, place)

    def _read_name(self, spot: Spot, key: str, item: Any, place: Trail) -> None:
        if spot.names is not Mode.OFF and not self._settled:
            found = detect_key(key, item, self._detectors[spot.profile])
            self._note(found, spot.names, key, (place, ANY_NAME))

    def _note(self, found: str | None, mode: Mode, text: str, place: Trail) -> None:
        if found is None:
            return
        self._left -= len(text) + CHARS_PER_STRING
        if not found and self._left < 0:
            found = TOO_MUCH_TEXT
        if found and (self.hit is None or (mode is Mode.ENFORCE and not self._settled)):
            self.hit = (_where(place), found, mode)


def _where(place: Trail) -> str:
    tokens: list[str] = []
    while place is not None:
        outer, token = place
        tokens.append(str(token).replace("~", "~0").replace("/", "~1"))
        if isinstance(outer, str):  # (location, name): a parameter
            return "/".join([outer, *reversed(tokens)])
        place = outer
    return "".join(f"/{token}" for token in reversed(tokens))
