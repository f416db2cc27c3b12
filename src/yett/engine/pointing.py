"""Places in a JSON value, and the ids that stand at them. See RFC 6901 s4."""

from __future__ import annotations

from typing import Any, Final

from yett.policy.authz.model import Pointer

MAX_ID_CHARACTERS = 512
# Longer indices are no places in a document that was read within its limits.
MAX_INDEX_DIGITS = 7


class Missing:
    """There is nothing at the pointer."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


def pointed(value: Any, pointer: Pointer) -> Any:
    """Return what stands at a pointer, or MISSING. See RFC 6901 s4."""
    for token in pointer:
        if type(value) is dict:
            value = value.get(token, MISSING)
        elif type(value) is list:
            at = index_of(token)
            value = value[at] if 0 <= at < len(value) else MISSING
        else:
            return MISSING
    return value


def index_of(token: str) -> int:
    """Read an array index, -1 when it is none: ASCII digits without leading zeros."""
    if not (token.isascii() and token.isdigit() and len(token) <= MAX_INDEX_DIGITS):
        return -1
    return int(token) if len(token) == 1 or token[0] != "0" else -1


def text_of(value: Any) -> str | None:
    """Write an id as Cedar's entity ids are: text as it is, an integer in decimal; None for others.

    An empty id names nothing, or nobody's record would be everybody's.
    """
    if type(value) is str:
        return value if 0 < len(value) <= MAX_ID_CHARACTERS else None
    return str(value) if type(value) is int and abs(value) < _MOST_ID else None


_MOST_ID = 10**MAX_ID_CHARACTERS
