"""Answers with many records: each is decided on, what its caller may not see is left out.

The order stays, declared totals are lowered by what was left out. A record that does not show what
its rules ask for is left out too: whoever can write one broken record must not be able to close the
list for all others. Where a listing is strict, one denied record refuses the whole answer.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.engine.answers.fields import asks_record
from yett.engine.answers.records import Records
from yett.engine.pointing import pointed
from yett.policy.authz.model import Pointer
from yett.policy.cedar.model import Decided, Entity, Inputs, Slice, Uid

Item = tuple[Any, Uid, "Entity | None"]  # the item as it stands in the array, and its record


class Sifted(Struct):
    """The items of a listing, told apart.

    Args:
        kept: those that may leave.
        denied: those that may not.
        unread: how many of them do not show what rules ask for.
        policies: ids of the rules that permitted.
        first: the question and the decision of the first that rules denied.
    """

    kept: list[Item]
    denied: list[Item]
    unread: int
    policies: tuple[str, ...]
    first: tuple[Inputs, Decided] | None


def sift(
    records: Records, items: list[Any], pointer: Pointer, slice_: Slice | None, *, read: bool
) -> Sifted:
    """Decide on every item.

    Args:
        records: judges.
        items: the array.
        pointer: where the record is in an item.
        slice_: rules of the operation; None when all items may leave.
        read: whether entities are needed although nothing is decided.
    """
    kept: list[Item] = []
    denied: list[Item] = []
    ways: dict[tuple[str, ...], None] = {}
    unread, first = 0, None
    needs = slice_ is not None and asks_record(slice_.footprint)
    by_name = slice_ is not None and slice_.footprint.resource_uid
    uid_, entity_, question, decide = records.uid, records.entity, records.question, records.decide
    for item in items:
        value = pointed(item, pointer) if pointer else item
        uid = uid_(value)
        entity = entity_(uid, value) if needs or read else None
        if slice_ is None:
            kept.append((item, uid, entity))
        elif (entity is None and needs) or (by_name and not uid.id):
            denied.append((item, uid, entity))
            unread += 1
        else:
            asked = question(uid, entity)
            decided = decide(slice_, asked)
            if decided.allow:
                kept.append((item, uid, entity))
                ways[decided.ids] = None
            else:
                denied.append((item, uid, entity))
                first = first or (_kept(asked), decided)
    return Sifted(kept, denied, unread, tuple(dict.fromkeys(i for w in ways for i in w)), first)


def put(value: Any, pointer: Pointer, items: list[Any]) -> Any:
    """Put the items that are left back where they were; the whole value where that is the root."""
    if not pointer:
        return items
    parent = pointed(value, pointer[:-1])
    parent[int(pointer[-1]) if type(parent) is list else pointer[-1]] = items
    return value


def lower(value: Any, totals: tuple[Pointer, ...], count: int) -> None:
    """Lower the numbers that count the items; what is no number stays."""
    for pointer in totals:
        parent = pointed(value, pointer[:-1]) if pointer else None
        if type(parent) is dict and type(parent.get(pointer[-1])) is int:
            parent[pointer[-1]] = max(0, parent[pointer[-1]] - count)


def _kept(asked: Inputs) -> Inputs:
    """Copy a question; the next item is asked with the same object."""
    return Inputs(asked.principal, asked.resource, asked.context, dict(asked.entities))
