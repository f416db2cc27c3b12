"""Takes the fields of one class out of a record, in place: dropped, null, or masked."""

from __future__ import annotations

from typing import Any

from yett.engine.pointing import index_of
from yett.policy.authz.model import Pointer

EVERY = "*"
COVER = "***"
LOOK = "look"


def hide(value: Any, pointers: tuple[Pointer, ...], how: str) -> bool:
    """Hide what stands at these pointers.

    Args:
        value: the record, which is changed.
        pointers: relative to it; `*` is every item of an array or member of an object.
        how: `drop`, `null` or `mask` (text becomes `***`, all else null); `look` changes nothing.

    Returns:
        Whether anything was there.
    """
    found = False
    for pointer in pointers:
        name = pointer[0]
        if len(pointer) > 1 or name == EVERY or type(value) is not dict:
            found = _below(value, pointer, how) or found
        elif name in value:  # nearly all of them
            _at(value, name, how)
            found = True
    return found


def _below(value: Any, pointer: Pointer, how: str) -> bool:
    """Hide at one pointer; as deep as the pointer is long."""
    token, rest = pointer[0], pointer[1:]
    found = False
    if token == EVERY and not rest and how == "drop" and type(value) in (dict, list):
        found = bool(value)
        value.clear()
        return found
    for key in _keys(value, token):
        if rest:
            found = _below(value[key], rest, how) or found
        else:
            _at(value, key, how)
            found = True
    return found


def _keys(value: Any, token: str) -> list[Any]:
    """Return the keys that a token means."""
    if type(value) is dict:
        # A member that is really called `*` is one of all; never the only one that is hidden.
        return list(value) if token == EVERY else [token] if token in value else []
    if type(value) is list:
        if token == EVERY:
            return list(range(len(value)))
        at = index_of(token)
        return [at] if 0 <= at < len(value) else []
    return []


def _at(value: Any, key: Any, how: str) -> None:
    if how == LOOK:
        return
    if how == "drop" and type(value) is dict:
        del value[key]  # an item alone becomes null: its place says which one the others are
    elif how == "mask" and type(value[key]) is str:
        value[key] = COVER
    else:
        value[key] = None
