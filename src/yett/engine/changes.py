"""What a request's body changes in a record: only that needs a permission to write.

Clients put back what they got: a field that keeps its value is no write. Without a record to
compare with, everything that is sent counts. RFC 9110 s9.3.4 (PUT), RFC 7396 (merge patch),
RFC 6902 (JSON Patch).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from yett.contract.media import is_json
from yett.engine.exchange import Exchange
from yett.engine.json_patch import (
    EVERYTHING,
    UNKNOWN,
    Edit,
    put_there,
    read_edits,
    touches,
)
from yett.engine.located import EVERY, places
from yett.engine.pointing import MISSING, pointed
from yett.policy.authz.model import Pointer
from yett.policy.media import JSON_PATCH, parse_content_type

MAX_DEPTH = 64


class Way(enum.Enum):
    """How a body acts on a record."""

    SEND = "send"  # a new record, or an order: what is there is meant
    REPLACE = "replace"  # PUT: what is absent is removed
    MERGE = "merge"  # PATCH: what is absent stays, null removes
    EDIT = "edit"  # JSON Patch


class Write(Struct, frozen=True):
    """A request's body and how it acts; `edits` for JSON Patch only."""

    way: Way
    body: Any
    edits: tuple[Edit, ...] = ()


UNREAD = Write(Way.EDIT, None, (EVERYTHING,))
NOTHING = Write(Way.SEND, MISSING)


def write_of(x: Exchange) -> Write:
    """Say what a request writes; a body that was not read may write anything."""
    request, body = x.request, x.parsed
    if body is None:
        return NOTHING if _is_empty(x) else UNREAD
    if type(body) is str and not _is_json(x):
        return UNREAD  # text to the contract; JSON to a service that does not look at the type
    if request.method == "PUT":
        return Write(Way.REPLACE, body)
    if request.method != "PATCH":
        return Write(Way.SEND, body)
    if type(body) is list or _is_json_patch(x):
        return Write(Way.EDIT, body, read_edits(body))
    return Write(Way.MERGE, body)


def compares(write: Write) -> bool:
    """Whether a record is needed to tell what the body changes."""
    return write.way is not Way.SEND


def first_changed(write: Write, pointers: tuple[Pointer, ...], before: Any) -> Pointer | None:
    """Return a place among the pointers that the body changes, None when it changes none.

    Args:
        write: from `write_of`.
        pointers: with `*` for every item.
        before: the record as it is; MISSING when there is none to compare with.
    """
    for pointer in pointers:
        try:
            found = next(_changed(write, pointer, before), None)
        except OverflowError:
            return pointer
        if found is not None:
            return found
    return None


def assigned(write: Write, pointer: Pointer) -> Any:
    """Return the value that a body puts at one place.

    MISSING when it says nothing of it, None when it removes it, UNKNOWN when it cannot be told.
    """
    if write.way is Way.EDIT:
        found = [edit for edit in write.edits if edit.writes and touches(edit, pointer)]
        if not found:
            return MISSING
        put = put_there(found[0], pointer) if len(found) == 1 else UNKNOWN
        return None if put is MISSING else put
    value = write.body
    for token in pointer:
        if value is MISSING:
            return MISSING
        if type(value) is not dict:
            return None  # what should hold it is replaced by something that cannot
        value = value.get(token, MISSING)
    return value


def same(one: Any, two: Any) -> bool:
    """Whether two JSON values are equal: numbers by value, true is not 1, null is not there."""
    if type(one) is dict and type(two) is dict:
        names = one.keys() | two.keys()
        return all(same(one.get(name), two.get(name)) for name in names)
    if type(one) is list and type(two) is list:
        return len(one) == len(two) and all(map(same, one, two))
    if type(one) is bool or type(two) is bool:
        return one is two
    if one is MISSING or two is MISSING:
        return one in (MISSING, None) and two in (MISSING, None)
    return bool(one == two)


def merge(target: Any, patch: Any, depth: int = 0) -> Any:
    """Apply a merge patch. See RFC 7396 s2."""
    if type(patch) is not dict or depth > MAX_DEPTH:
        return patch
    found = dict(target) if type(target) is dict else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge(found.get(name), value, depth + 1)
    return found


def _changed(write: Write, pointer: Pointer, before: Any) -> Iterator[Pointer]:
    if write.way is Way.EDIT:
        yield from _edited(write.edits, pointer, before)
        return
    if before is MISSING or write.way is Way.SEND:
        yield from (path for path, _ in places(write.body, pointer))
        if write.way is not Way.SEND and _is_cut_off(write.body, pointer):
            yield pointer
        return
    after = write.body if write.way is Way.REPLACE else merge(before, write.body)
    old, new = dict(places(before, pointer)), dict(places(after, pointer))
    for path in {**old, **new}:
        if not same(old.get(path), new.get(path)):
            yield path


def _edited(edits: tuple[Edit, ...], pointer: Pointer, before: Any) -> Iterator[Pointer]:
    # Once items have moved, `/items/0` is another item than the one compared with.
    steady = before is not MISSING and not any(edit.moves for edit in edits)
    for edit in edits:
        if touches(edit, pointer) and not (steady and _keeps(edit, pointer, before)):
            yield edit.path or pointer


def _keeps(edit: Edit, pointer: Pointer, before: Any) -> bool:
    """Whether an edit puts there what is there already; only in the record's own spelling."""
    depth = len(edit.path)
    spelled = all(name in (token, EVERY) for token, name in zip(edit.path, pointer, strict=False))
    if not edit.writes or edit.value is UNKNOWN or not spelled:
        return False
    held = pointed(before, edit.path)
    if len(pointer) <= depth:
        return held is not MISSING and same(held, edit.value)
    old, new = (dict(places(value, pointer[depth:])) for value in (held, edit.value))
    return all(same(old.get(path), new.get(path)) for path in {**old, **new})


def _is_cut_off(value: Any, pointer: Pointer) -> bool:
    """Whether a body removes or replaces something above a place.

    An array is replaced whole (RFC 7396 s1): `{"cards": []}` removes what every card held.
    """
    for at, token in enumerate(pointer):
        if type(value) is not dict:
            return value is not MISSING
        if token == EVERY:
            return any(_is_cut_off(inner, pointer[at + 1 :]) for inner in value.values())
        value = value.get(token, MISSING)
    return False


def _is_empty(x: Exchange) -> bool:
    if x.request.length == 0:
        return True
    assert x.plan is not None
    operation = x.plan.operation
    # An empty chunked body was read by step 8 and left nothing; else nobody has looked.
    read = operation.body is not None and not operation.stream_request
    return read and operation.modes["body"] != "off" and x.body is None


def _is_json(x: Exchange) -> bool:
    found = parse_content_type(x.request.headers.get(b"content-type", b""))
    return found is not None and is_json(found.name)


def _is_json_patch(x: Exchange) -> bool:
    found = parse_content_type(x.request.headers.get(b"content-type", b""))
    return found is not None and found.name == JSON_PATCH
