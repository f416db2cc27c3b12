"""`like`: patterns with wildcards, matched in time proportional to the text, never by a regex.

A regex of `a*a*a*b` backtracks (CWE-1333); here each piece between wildcards is found once, as far
to the left as it can be, which is enough where `*` is the only wildcard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.model import Value

Match = Callable[[Value], bool]


def make_match(elements: Iterable[str | None]) -> Match:
    """Build the matcher of a pattern: characters, None for a wildcard."""
    pieces = [""]
    for element in elements:
        if element is None:
            pieces.append("")
        else:
            pieces[-1] += element
    head, *middle = pieces
    if not middle:
        return lambda text: _text(text) == head
    tail = middle.pop()
    return _wild(head, tuple(filter(None, middle)), tail)


def _wild(head: str, middle: tuple[str, ...], tail: str) -> Match:
    def match(text: Value) -> bool:
        at, end = len(head), len(_text(text)) - len(tail)
        if end < at or not text.startswith(head) or not text.endswith(tail):
            return False
        for piece in middle:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return match


def _text(value: Value) -> str:
    if type(value) is str:
        return value
    raise CedarError("no string")
