"""One guard per operation, from its slice, its record and its classes."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from yett.contract.model import Machine as DeclaredMachine
from yett.contract.model import Operation
from yett.contract.places import read_pointer
from yett.contract.report import Report
from yett.policy.authz.declared import SAFE, Declared, shape_of, shows_record
from yett.policy.authz.facets import Facets
from yett.policy.authz.facts import Facts
from yett.policy.authz.model import (
    Fields,
    Guard,
    Listing,
    Machine,
    Place,
    Pointer,
    Read,
    Referred,
)
from yett.policy.authz.names import API, APPROVING, class_action
from yett.policy.authz.placement import Placed, is_lost, place, reads_record, unseen
from yett.policy.authz.reads import locate, showing_action
from yett.policy.authz.references import references_of
from yett.policy.cedar.model import Slice
from yett.policy.rules import AUTHZ_UNCHECKABLE


class Bench(Struct, frozen=True, kw_only=True):
    """What guards are made of: facts, compiled slices, and where lints and errors go."""

    facts: Facts
    slices: dict[str, Slice]
    facets: dict[str, Facets]
    lints: Report
    errors: Report
    learning: frozenset[str]


def make_guard(operation: Operation, bench: Bench) -> Guard | None:
    """Return the guard of an operation; None when nothing is to be checked."""
    facts = bench.facts
    record = facts.records.get(operation.id)
    slice_ = bench.slices[facts.actions[operation.id]]
    written = _written(operation, bench)
    machine = _machine(operation, record, facts)
    state = _state(record, machine, facts)
    returns = record is not None and shows_record(record, facts.attributes[record.resource.type])
    moved = state is not None and record is not None and not record.new
    whole = _needs_whole(operation, bench, changed=bool(written) or moved)
    placed = place(record, slice_, facts, whole=whole)
    if placed.place is Place.UNCHECKABLE:
        _uncheckable(operation, placed, bench.lints)
    guard = Guard(
        slice=slice_,
        place=placed.place,
        type=record.resource.type if record is not None else API,
        located=locate(record.resource.id) if record is not None else None,
        shape=placed.shape,
        pointer=read_pointer(record.resource.record) if record is not None else (),
        listing=_listing(record),
        read=_with_slice(placed, bench),
        references=_references(operation, bench),
        written=written,
        shown=_shown(operation, bench),
        enrich=_enriches(slice_, facts),
        machine=machine,
        state=state,
        learns=returns and record is not None and record.resource.type in bench.learning,
        returns=returns,
        closed=record is not None and record.resource.closed,
        hides=_hides(record, slice_),
    )
    return guard if _guards(guard, operation) else None


def _guards(guard: Guard, operation: Operation) -> bool:
    """Whether there is anything to do at all: a generated permit alone is nothing.

    Rules that permit nothing are something: nobody may do it.
    """
    rules = guard.slice.rules if guard.slice is not None else ()
    plain = bool(rules) and all(rule.id.startswith("default:") for rule in rules)
    moves = guard.machine is not None and operation.method not in SAFE
    busy = guard.references or guard.written or guard.shown or guard.learns or moves
    return bool(busy) or guard.place is not Place.BEFORE or not plain


def _needs_whole(operation: Operation, bench: Bench, *, changed: bool) -> bool:
    """Whether the record must be there, whatever the operation's own rules read.

    Only what changes is authorised, so there must be something to compare with; and who may approve
    may depend on the record.
    """
    if operation.method in SAFE:
        return False
    approving = bench.slices.get(class_action(bench.facts.actions[operation.id], APPROVING))
    approved = approving is not None and reads_record(approving.footprint)
    return changed or approved


def _uncheckable(operation: Operation, placed: Placed, lints: Report) -> None:
    message = f"the rules of `{operation.id}` cannot be checked: {placed.missing}"
    hint = "declare it in `x-yett.resource`, or every call is refused"
    lints.add(AUTHZ_UNCHECKABLE, message, operation.source, hint=hint, subject=operation.id)


def _listing(record: Declared | None) -> Listing | None:
    if record is None or record.resource.items is None:
        return None
    resource = record.resource
    return Listing(
        items=read_pointer(resource.items or ""),
        totals=tuple(read_pointer(text) for text in resource.totals),
        strict=resource.strict,
    )


def _with_slice(placed: Placed, bench: Bench) -> Read | None:
    if placed.read is None:
        return None
    return replace(placed.read, slice=bench.slices[bench.facts.actions[placed.read.operation]])


def _references(operation: Operation, bench: Bench) -> tuple[Referred, ...]:
    found = references_of(
        operation, bench.facets[operation.api], bench.facts, bench.lints, bench.errors
    )
    actions, slices = bench.facts.actions, bench.slices
    return tuple(
        replace(one, read=replace(one.read, slice=slices[actions[one.read.operation]]))
        for one in found
    )


def _written(operation: Operation, bench: Bench) -> tuple[Fields, ...]:
    labels = bench.facts.labels.get(operation.id)
    if labels is None:
        return ()
    action = bench.facts.actions[operation.id]
    return tuple(
        Fields(name=name, slice=slice_, pointers=pointers, lost=is_lost(slice_))
        for name, pointers in sorted(labels.sent.items())
        for slice_ in (bench.slices[class_action(action, name)],)
    )


def _shown(operation: Operation, bench: Bench) -> tuple[Fields, ...]:
    facts = bench.facts
    labels, record = facts.labels.get(operation.id), facts.records.get(operation.id)
    if labels is None:
        return ()
    hidden = facts.contract.config.authz.hidden
    return tuple(
        Fields(
            name=name,
            slice=slice_,
            pointers=pointers,
            hidden=hidden,
            blind=_is_blind(record, slice_, facts),
            lost=is_lost(slice_),
        )
        for name, pointers in sorted(labels.shown.items())
        for slice_ in (bench.slices[showing_action(operation, name, facts)],)
    )


def _is_blind(record: Declared | None, slice_: Slice, facts: Facts) -> bool:
    """Whether the rules read of the record what the answer does not show."""
    if record is None:
        return reads_record(slice_.footprint)
    return bool(
        unseen(shape_of(record, facts.attributes[record.resource.type], record.shown), slice_)
    )


def _enriches(slice_: Slice, facts: Facts) -> bool:
    known = {attribute.name for attribute, _ in facts.enriched}
    footprint = slice_.footprint
    return bool(known & footprint.principal) or (bool(known) and "principal" in footprint.whole)


def _machine(operation: Operation, record: Declared | None, facts: Facts) -> Machine | None:
    if record is None:
        return None
    declared = facts.machine_of(operation.api, record.resource.type)
    return machine_of(declared, operation.api) if declared is not None else None


def machine_of(declared: DeclaredMachine, api: str) -> Machine:
    """Return a declared machine with operation ids of the contract."""
    return Machine(
        type=declared.type,
        attribute=declared.field,
        initial=declared.initial,
        moves={
            f"{api}.{name}": (move.start, move.to) for name, move in declared.operations.items()
        },
    )


def _state(record: Declared | None, machine: Machine | None, facts: Facts) -> Pointer | None:
    """Return where a request could set the state: in the record, bare or in its envelope."""
    if record is None or machine is None or record.safe:
        return None
    pair = facts.attributes[record.resource.type].get(machine.attribute)
    if pair is None:
        return None
    places = (pair[1], (*read_pointer(record.resource.record), *pair[1]))
    return next((at for at in places if record.facets.at(record.sent, at) is not None), None)


def _hides(record: Declared | None, slice_: Slice) -> bool:
    if record is None or not record.resource.id:
        return False
    return reads_record(slice_.footprint) or slice_.footprint.resource_uid
