"""Step 11, references: an id in a request names a record that the caller must be allowed to read.

`POST /payments {booking_id}` reaches into a booking as surely as a path would (OWASP API1:2023).
Each reference is read and judged by the rules of the operation that reads such records. Missing and
forbidden are one answer. What a record referred to already is no news and is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from yett.engine.changes import UNREAD, Way, Write, write_of
from yett.engine.denial import asks_seen, reason
from yett.engine.entities import inputs, subject
from yett.engine.exchange import Exchange
from yett.engine.json_patch import UNKNOWN, touches
from yett.engine.judging import foresee, judge, note
from yett.engine.located import FindAll, make_gatherer, places, pointer_text
from yett.engine.own_record import note_resource, seen_before
from yett.engine.pointing import MISSING, text_of
from yett.engine.reading import Reader
from yett.engine.step import Asking, Step, asking
from yett.policy.authz.model import Pointer, Referred
from yett.policy.authz.placement import unseen
from yett.policy.browser import Browser
from yett.policy.cedar.model import Uid
from yett.policy.model import OperationPolicy, Policy
from yett.problems import NO_SUCH_RECORD, REFERENCE_UNKNOWN, Problem

# Each costs a request to the service.
MAX_REFERENCES = 32


class Taken(Struct, frozen=True):
    """One reference of an operation, ready to be found and read.

    `blind`: the read does not show what the rules on reading ask for; then nobody may refer to it.
    """

    referred: Referred
    gather: FindAll
    reader: Reader
    blind: bool


def make_references(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Check the references of one operation."""
    del browser
    guard = operation.guard
    if guard is None or not guard.references:
        return None
    taken = tuple(_take(one, operation, policy) for one in guard.references)
    in_body = any(one.referred.located.where == "body" for one in taken)

    def run(x: Exchange) -> Asking:
        write = write_of(x) if in_body else None
        if write is UNREAD:
            return UNREADABLE
        named = _named(x, taken, write)
        if isinstance(named, Problem):
            return named
        for uid, (where, reader) in named.items():
            problem = yield from _check(x, uid, where, reader)
            if problem is not None:
                return problem
        return None

    return asking(run)


def _take(one: Referred, operation: OperationPolicy, policy: Policy) -> Taken:
    gather, reader = make_gatherer(one.located, operation), Reader(one.read, operation, policy)
    slice_ = one.read.slice
    return Taken(one, gather, reader, slice_ is not None and bool(unseen(one.read.shape, slice_)))


Named = dict[Uid, tuple[str, Reader]]


def _named(x: Exchange, taken: tuple[Taken, ...], write: Write | None) -> Named | Problem:
    """Return the records that the request names, each once, with where it does."""
    named: Named = {}
    for one in taken:
        located = one.referred.located
        try:
            found = (
                _sent(write, located.pointer, x.record)
                if write is not None and located.where == "body"
                else one.gather(x)
            )
        except OverflowError:
            return TOO_MANY
        for where, value in _spread(found):
            text = text_of(value)
            if one.blind:
                return REFERENCE_UNKNOWN(pointer=where, note="its rules cannot be checked")
            if text is None:
                return REFERENCE_UNKNOWN(pointer=where, note="the value is no id")
            named.setdefault(Uid(one.reader.read.shape.type, text), (where, one.reader))
            if len(named) > MAX_REFERENCES:
                return TOO_MANY
    return named


def _sent(write: Write, pointer: Pointer, before: Any) -> list[tuple[str, Any]]:
    """Return the ids that a body puts at a pointer and that were not there before."""
    found = _edited(write, pointer) if write.way is Way.EDIT else places(write.body, pointer)
    old: set[str | None] = set()
    if before is not None and write.way is not Way.SEND:
        old = {text_of(value) for _, value in places(before, pointer)}
    return [
        (pointer_text(path), value)
        for path, value in found
        if value is not None and (type(value) is list or text_of(value) not in old - {None})
    ]


def _spread(found: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Take the items of an array that is labelled as a whole."""
    for where, value in found:
        if type(value) is list:
            yield from ((f"{where}/{at}", item) for at, item in enumerate(value))
        else:
            yield where, value


def _edited(write: Write, pointer: Pointer) -> list[tuple[Pointer, Any]]:
    found: list[tuple[Pointer, Any]] = []
    for edit in write.edits:
        if not edit.writes or edit.value is MISSING or not touches(edit, pointer):
            continue
        if edit.value is UNKNOWN or len(edit.path) > len(pointer):
            found.append((edit.path, edit.value))  # no id: refused
        else:
            inner = places(edit.value, pointer[len(edit.path) :])
            found += [((*edit.path, *path), value) for path, value in inner]
    return found


def _check(x: Exchange, uid: Uid, where: str, reader: Reader) -> Asking:
    """Judge one reference by the rules of the operation that reads such records."""
    note_resource(x, uid)
    slice_ = reader.read.slice
    seen = None
    if slice_ is not None:
        closed = any(rule.generated and rule.id.startswith("seen:") for rule in slice_.rules)
        seen = not closed or seen_before(x, subject(x), uid) if asks_seen(slice_) else None
        given = inputs(x, uid, None, seen)
        known = foresee(x, slice_, given)
        if known is not None:
            note(x, slice_, given, known)
            return None if known.allow else _unknown(x, where)
    found = yield from reader.fetch(x, uid.id)
    if isinstance(found, Problem):
        absent = found.kind is NO_SUCH_RECORD
        return REFERENCE_UNKNOWN(pointer=where, note=found.note) if absent else found
    if slice_ is None or judge(x, slice_, inputs(x, uid, found.entity, seen)).allow:
        return None
    return _unknown(x, where)


def _unknown(x: Exchange, where: str) -> Problem:
    return REFERENCE_UNKNOWN(pointer=where, note=f"may not be read: {reason(x)}")


TOO_MANY = REFERENCE_UNKNOWN(
    f"a request may refer to {MAX_REFERENCES} records", note="too many references"
)
UNREADABLE = REFERENCE_UNKNOWN(note="a body that is not read could refer to any record")
