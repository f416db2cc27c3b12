"""JSON Patch as a rule on fields sees it: which places an edit touches, and what it puts there.

Nothing is applied. An edit that reads a place (`test`, `copy`, the `from` of a `move`) touches it:
each tells its value to who may not see it. What is malformed touches everything; names compare
without case, because some services do (ASP.NET). RFC 6902 s4, RFC 6901 s4.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.engine.pointing import MISSING, pointed
from yett.policy.authz.model import Pointer

MAX_EDITS = 500
EVERY = "*"
_SETS = frozenset(("add", "replace"))
_READS = frozenset(("test", "copy"))


class Unknown:
    """What an edit puts there cannot be told from the patch alone."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


class Edit(Struct, frozen=True):
    """One place an operation touches.

    Args:
        path: the place; empty for the whole document, which touches everything.
        value: what is put there; MISSING for nothing, UNKNOWN when it cannot be told.
        writes: whether the place changes; else it is only read.
        moves: items of an array may change their places.
    """

    path: Pointer
    value: Any
    writes: bool = True
    moves: bool = False


EVERYTHING = Edit((), UNKNOWN, moves=True)


def read_edits(patch: Any) -> tuple[Edit, ...]:
    """Read a patch; one that is malformed or too long touches everything."""
    if type(patch) is not list or len(patch) > MAX_EDITS:
        return (EVERYTHING,)
    return tuple(edit for operation in patch for edit in _edits(operation))


def touches(edit: Edit, pointer: Pointer) -> bool:
    """Whether the place is at, above or below the pointer, in which `*` is any token."""
    return all(
        token == EVERY or token.casefold() == name.casefold()
        for token, name in zip(pointer, edit.path, strict=False)
    )


def put_there(edit: Edit, pointer: Pointer) -> Any:
    """Return what an edit that touches a pointer without `*` puts there: MISSING for nothing."""
    if len(edit.path) > len(pointer) or edit.value is UNKNOWN:
        return UNKNOWN
    return pointed(edit.value, pointer[len(edit.path) :])


def _edits(operation: Any) -> tuple[Edit, ...]:
    if type(operation) is not dict:
        return (EVERYTHING,)
    name, path = operation.get("op"), _pointer(operation.get("path"))
    if path is None or type(name) is not str:
        return (EVERYTHING,)
    if name in _SETS and "value" in operation:
        return (Edit(path, operation["value"], moves=name == "add" and _is_index(path)),)
    if name == "remove":
        return (Edit(path, MISSING, moves=True),)
    if name == "test":
        return (Edit(path, MISSING, writes=False),)
    source = _pointer(operation.get("from"))
    if source is None or name not in ("move", "copy"):
        return (EVERYTHING,)
    return (
        Edit(source, MISSING, writes=name == "move", moves=True),
        Edit(path, UNKNOWN, moves=True),
    )


def _pointer(text: Any) -> Pointer | None:
    if type(text) is not str or (text and text[0] != "/"):
        return None
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:])


def _is_index(path: Pointer) -> bool:
    """Whether `add` may insert here, and so move what stands behind."""
    return bool(path) and (path[-1] == "-" or path[-1].isdigit())
