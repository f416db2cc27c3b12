"""Lines of JSON values: jumps from bracket to bracket along one pointer, never parses the rest.

The members of a container are remembered when it has been walked once, so that a thousand
operations of one document cost one walk over `paths`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from yett.contract.places import Pointer

_SPACE = re.compile(rb"[ \t\r\n,:]*+")
# Possessive characters, no possessive groups: before Python 3.11.5 such a group may keep what a
# failed turn ate (gh-106052).
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.DOTALL)
_SCALAR = re.compile(rb"[^ \t\r\n,\]}]*+")
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*"[^"{}\[\]]*+)*', re.DOTALL)
_OPEN, _CLOSE = frozenset(b"{["), frozenset(b"}]")

# name or index -> (offset of the name, offset of the value)
Members = dict[str, tuple[int, int]]


class JsonLines:
    """Locates values of one JSON text; see `places.Locator`.

    Args:
        path: the file as the user named it.
        read: lends the text, which has been parsed without a mistake.
    """

    def __init__(self, path: str, read: Callable[[], bytes]) -> None:
        self._path = path
        self._read = read
        self._text = b""
        self._ends: list[int] = []
        self._members: dict[int, Members] = {}

    def locate(self, pointer: Pointer) -> tuple[str, int]:
        """Return file and line of the value, or of its nearest ancestor."""
        if not self._text:
            self._text = self._read()
            self._ends = [m.start() for m in re.finditer(rb"\n", self._text)]
        if not self._text:
            return self._path, 0
        name = value = _SPACE.match(self._text).end()  # type: ignore[union-attr]  # it matches nothing, too
        for token in pointer:
            found = self._walk(value).get(token)
            if found is None:
                break
            name, value = found
        return self._path, bisect_right(self._ends, name) + 1

    def _walk(self, start: int) -> Members:
        members = self._members.get(start)
        if members is None:
            members = self._members[start] = _members(self._text, start)
        return members


def _members(text: bytes, start: int) -> Members:
    opening = text[start : start + 1]
    members: Members = {}
    if opening not in (b"{", b"["):
        return members
    at = _skip(_SPACE, text, start + 1)
    while at < len(text) and text[at] not in _CLOSE:
        name, key = at, str(len(members))
        if opening == b"{":
            end = _skip(_STRING, text, at)
            key = orjson.loads(text[at:end])
            at = _skip(_SPACE, text, end)
        members[key] = (name, at)
        at = _skip(_SPACE, text, _past(text, at))
    return members


def _past(text: bytes, at: int) -> int:
    """Return the offset behind the value that begins at `at`."""
    if text[at] == 0x22:  # a quotation mark
        return _skip(_STRING, text, at)
    if text[at] not in _OPEN:
        return _skip(_SCALAR, text, at)
    depth = 0
    while True:
        depth += 1 if text[at] in _OPEN else -1
        at += 1
        if depth == 0:
            return at
        at = _skip(_TO_BRACKET, text, at)


def _skip(pattern: re.Pattern[bytes], text: bytes, at: int) -> int:
    match = pattern.match(text, at)
    assert match is not None, "the text was parsed before"
    return match.end()
