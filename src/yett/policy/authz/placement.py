"""Where an operation's rules can be checked, derived from what they read.

Nothing of the record but its uid: before forwarding. A safe method: on the answer, if that shows
what is read. Else by reading the record first, or, for a new record, in the body. What reads an
attribute that the place does not show is not checkable: every call is refused, and lint says so.
"""

from __future__ import annotations

import re

from msgspec import Struct

from yett.contract.model import Operation
from yett.policy.authz.declared import Declared, shape_of
from yett.policy.authz.facts import Facts
from yett.policy.authz.model import Place, Read, Shape
from yett.policy.authz.reads import locate, make_read, reader_of
from yett.policy.cedar.model import Footprint, Slice

# Also in a comment or a string: that only costs a lint.
_HAS = re.compile(r"\bhas\b").search


class Placed(Struct, frozen=True):
    """The place, and what is needed there; `missing` says why a rule cannot be checked."""

    place: Place
    shape: Shape | None = None
    read: Read | None = None
    missing: str = ""


def place(record: Declared | None, slice_: Slice, facts: Facts, *, whole: bool = False) -> Placed:
    """Choose the place of an operation's rules.

    Args:
        record: the record the operation is about, None when it is about none.
        slice_: the rules of its action.
        facts: of the contract.
        whole: the record itself is needed, whatever the rules read (changed fields, states).
    """
    reads = slice_.footprint
    if record is None:
        return _without_record(slice_)
    shape = shape_of(record, facts.attributes[record.resource.type])
    if not reads_record(reads) and not whole:
        listed = record.resource.items is not None
        if not (reads.resource_uid and (listed or not record.resource.id)):
            return _shown(Place.BEFORE, shape, slice_)
    if record.safe:
        return _answered(record, shape, slice_, facts)
    if record.new:
        return _shown(Place.BODY, shape, slice_)
    return _read(record, slice_, facts)


def passes_unread(operation: Operation) -> bool:
    """Whether what the service answers goes to the client as it comes: a stream, a WebSocket."""
    return operation.settings.websocket or operation.settings.stream in ("response", "both")


def reads_record(reads: Footprint) -> bool:
    """Whether rules look into the record, not only at its uid."""
    return bool(reads.resource) or "resource" in reads.whole


def _without_record(slice_: Slice) -> Placed:
    if reads_record(slice_.footprint):
        return Placed(Place.UNCHECKABLE, missing="the operation names no record")
    return _shown(Place.BEFORE, None, slice_)


def _answered(record: Declared, shape: Shape, slice_: Slice, facts: Facts) -> Placed:
    """On the answer where it shows what is read; else on the record itself, read beforehand.

    A receipt or a download does not say whose it is; a stream is never seen whole.
    """
    streamed = passes_unread(record.operation)
    shown = _shown(Place.RESPONSE, shape, slice_)
    blind = len(_blind(shape, slice_))
    if shown.place is Place.RESPONSE and not streamed and not blind:
        return shown
    if record.resource.items is None:
        read = _read(record, slice_, facts)
        sees_more = read.shape is not None and len(_blind(read.shape, slice_)) < blind
        if read.place is Place.READ and (
            sees_more or shown.place is not Place.RESPONSE or streamed
        ):
            return read
    return Placed(Place.UNCHECKABLE, shape, missing="a stream is not read") if streamed else shown


def _shown(where: Place, shape: Shape | None, slice_: Slice) -> Placed:
    missing = unseen(shape, slice_, new=where is Place.BODY)
    if missing:
        return Placed(Place.UNCHECKABLE, shape, missing=f"{_LACKS[where]} {missing}")
    return Placed(where, shape)


_LACKS = {
    Place.BEFORE: "nothing that is known before says",
    Place.BODY: "its request does not declare",
    Place.RESPONSE: "its answer does not declare",
}


def _read(record: Declared, slice_: Slice, facts: Facts) -> Placed:
    reader = reader_of(record, facts)
    read = make_read(reader, record.operation, facts) if reader is not None else None
    if read is None or locate(record.resource.id) is None:
        why = f"no GET reads one {record.resource.type} by its id"
        return Placed(Place.UNCHECKABLE, missing=why)
    missing = unseen(read.shape, slice_)
    if missing:
        why = f"{read.operation} does not show {missing}"
        return Placed(Place.UNCHECKABLE, read.shape, missing=why)
    return Placed(Place.READ, read.shape, read)


def unseen(shape: Shape | None, slice_: Slice, *, new: bool = False) -> str:
    """Name what must be shown and is not; empty when the rules can be carried out.

    A permit that reads what is not shown errs, so it cannot hold, and another one may. One that
    asks with `has` would not err but take it for absent, which it is in a new record alone, and may
    hold by that; a forbid that errs denies whatever is asked. What third entities are is never
    shown.
    """
    blind = _blind(shape, slice_)
    silent = {r.id for r, reads in zip(slice_.rules, slice_.reads, strict=True) if reads.silent}
    permits = [rule.id for rule in slice_.rules if rule.effect == "permit"]
    wrong = [
        rule.id
        for rule in slice_.rules
        if rule.id in blind
        and (rule.effect == "forbid" or rule.id in silent or (_HAS(rule.text) and not new))
    ]
    if not wrong and (not permits or any(id_ not in blind for id_ in permits)):
        return ""
    names = frozenset().union(*(blind[id_] for id_ in wrong or permits))
    return ", ".join(f"`{name}`" for name in sorted(names))


def is_lost(slice_: Slice) -> bool:
    """Whether a rule asks of a third entity what would be taken for false: nothing can show it."""
    return any(
        reads.silent or (reads.others and rule.effect == "forbid")
        for rule, reads in zip(slice_.rules, slice_.reads, strict=True)
    )


def _blind(shape: Shape | None, slice_: Slice) -> dict[str, frozenset[str]]:
    """Return the rules that read what is not shown, each with what that is."""
    shown = {attribute.name for attribute, _ in shape.attributes} if shape is not None else set()
    unseen = {
        rule.id: (reads.attributes - shown) | reads.others
        for rule, reads in zip(slice_.rules, slice_.reads, strict=True)
    }
    return {id_: names for id_, names in unseen.items() if names}
