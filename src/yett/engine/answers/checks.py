"""What the answers of one operation are read for, put together once when the policy is bound.

Records are decided on an answer where their rules were placed there; field classes, ids that are
learned, machines and undeclared fields ask for its body too. What asks for nothing is never
collected. Attributes that no rule of the answer reads are not read from it either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from yett.engine.answers.making import Make, Name, make_maker, make_namer
from yett.engine.answers.modes import strictest
from yett.engine.located import make_finder
from yett.policy.authz.model import Fields, Guard, Place, Pointer, Shape
from yett.policy.browser import SAFE_METHODS
from yett.policy.cedar.model import Slice
from yett.policy.model import Declared, OperationPolicy
from yett.terms import Mode

if TYPE_CHECKING:
    from yett.engine.exchange import Exchange

# An answer that is read must come whole and plain.
CODINGS = frozenset((b"accept-encoding", b"if-range", b"range", b"te"))
# And it must come: `304` would tell who may not see a record that it is as it was.
WITHOUT = CODINGS | {b"if-modified-since", b"if-none-match"}
# A read that is decided on its answer has no condition: `412` tells that a record is there, and,
# asked with one date after another, when it was changed. RFC 9110 s13.1.1, s13.1.4.
CONDITIONS = frozenset((b"if-match", b"if-unmodified-since"))
FEW = frozenset((403, 404, 410))  # the service's own ways to say that there is none for the caller


class Checks(Struct, frozen=True, kw_only=True):
    """What one operation's answers are read for.

    Args:
        guard: of the operation; None where only undeclared fields matter.
        decides: rules of records that only the answer can tell; None when there are none.
        name, make: read a record's own id, and make it an entity of the attributes that rules read.
        state: where the machine's state is in the record; None without a machine.
        shown: field classes; fields that a rule in mode `off` would hide are none.
        declared: what is declared, None where nothing is left out.
        find: the record's id in the request.
        safe: the operation changes nothing.
        records, fields, undeclared: modes of the three rules.
        principal: the record's type is also one of callers, so entities may have to be merged.
        learns: ids of the answer count as seen.
        hides: a missing and a forbidden record look alike.
        without: the client's fields that must not reach the service; a rule that observes takes
            none.
        asks: the strictest of what asks for the body of a success, whatever its type; where the
            records were granted before, `asks_granted`.
    """

    guard: Guard | None
    decides: Slice | None
    name: Name
    make: Make
    state: Pointer | None
    shown: tuple[Fields, ...]
    declared: Declared | None
    find: Callable[[Exchange], str | None]
    safe: bool
    records: Mode
    fields: Mode
    undeclared: Mode
    principal: bool
    learns: bool
    hides: bool
    without: frozenset[bytes]
    asks: Mode
    asks_granted: Mode

    def conceals(self, x: Exchange) -> bool:
        """Whether it is not decided yet if the caller may know that the one record is there."""
        guard = self.guard
        undecided = self.decides is not None and not x.granted
        return undecided and self.hides and guard is not None and guard.listing is None


def make_checks(operation: OperationPolicy, types: frozenset[str]) -> Checks | None:
    """Return what the answers of an operation are read for; None for nothing.

    Args:
        operation: compiled.
        types: entity types of callers.
    """
    if operation.stream_response or operation.websocket:
        return None
    modes, guard = operation.modes, operation.guard
    undeclared = modes["response_fields"]
    declared = operation.declared if undeclared is not Mode.OFF else None
    records = modes["records"]
    shown = guard.shown if guard is not None and modes["fields"] is not Mode.OFF else ()
    decides = _deciding(guard) if records is not Mode.OFF else None
    on = guard is not None and records is not Mode.OFF
    learns, hides = (on and guard.learns, on and guard.hides) if guard is not None else (False,) * 2
    state = _state(guard)
    # Told once here: properties that told it for each request took 1.5 us of one (bench guarded).
    fewer = strictest(
        modes["fields"] if shown else Mode.OFF,
        Mode.OBSERVE if learns or state is not None else Mode.OFF,
    )
    checks = Checks(
        guard=guard,
        decides=decides,
        name=make_namer(guard.shape.key if guard is not None and guard.shape is not None else ()),
        make=make_maker(_narrow(guard, decides, shown)),
        state=state,
        shown=shown,
        declared=declared,
        find=make_finder(guard.located if guard is not None else None, operation),
        safe=operation.method in SAFE_METHODS,
        records=records,
        fields=modes["fields"],
        undeclared=undeclared,
        principal=guard is not None and guard.type in types,
        learns=learns,
        hides=hides,
        without=_without(operation, declared),
        asks=strictest(fewer, records) if decides is not None else fewer,
        asks_granted=fewer,
    )
    compares = state is not None and records is not Mode.OFF
    return checks if decides or shown or declared or learns or hides or compares else None


def _without(operation: OperationPolicy, declared: Declared | None) -> frozenset[bytes]:
    modes = operation.modes
    if operation.guard is not None and Mode.ENFORCE in (modes["records"], modes["fields"]):
        return WITHOUT | CONDITIONS if operation.method in SAFE_METHODS else WITHOUT
    enforced = declared is not None and modes["response_fields"] is Mode.ENFORCE
    return CODINGS if enforced else frozenset()


def _deciding(guard: Guard | None) -> Slice | None:
    return guard.slice if guard is not None and guard.place is Place.RESPONSE else None


def _narrow(guard: Guard | None, decides: Slice | None, shown: tuple[Fields, ...]) -> Shape | None:
    if guard is None or guard.shape is None:
        return None
    slices = [fields.slice for fields in shown] + ([decides] if decides is not None else [])
    if any("resource" in slice_.footprint.whole for slice_ in slices):
        return guard.shape
    read = {name for slice_ in slices for name in slice_.footprint.resource}
    kept = tuple(pair for pair in guard.shape.attributes if pair[0].name in read)
    return replace(guard.shape, attributes=kept)


def _state(guard: Guard | None) -> Pointer | None:
    if guard is None or guard.machine is None or guard.shape is None or not guard.returns:
        return None
    named = guard.machine.attribute
    return next((at for attribute, at in guard.shape.attributes if attribute.name == named), None)
