"""What guards the records, fields and states of an operation, in words for `yett check`.

Drawn from the compiled guard: where its rules are checked and which ones they are, whatever the
files intended. Rules that only say "scopes decide" are left out.
"""

from __future__ import annotations

from yett.policy.authz.model import Fields, Guard, Located, Machine, Place
from yett.policy.model import OperationPolicy

NOTHING = "-"
UNCHECKABLE = "NOT CHECKABLE"  # loud: every call is refused
_DEFAULT = "default:"


def record(guard: Guard | None) -> str:
    """Say where the rules on the record are checked."""
    if guard is None or guard.place is Place.NONE or not rules(guard):
        return NOTHING
    if guard.place is Place.UNCHECKABLE:
        return UNCHECKABLE
    if guard.listing is None or guard.place is not Place.RESPONSE:
        return str(guard.place)
    return f"{guard.place}, {'all or none' if guard.listing.strict else 'each'}"


def rules(guard: Guard | None) -> tuple[str, ...]:
    """Name the rules that decide on the operation, in the order of their text."""
    found = guard.slice.rules if guard is not None and guard.slice is not None else ()
    return tuple(rule.id for rule in found if not rule.id.startswith(_DEFAULT))


def references(guard: Guard | None) -> str:
    """Name the ids of other records, each with its type."""
    found = guard.references if guard is not None else ()
    return ", ".join(f"{place(r.located)}: {r.read.shape.type}" for r in found) or NOTHING


def fields(guard: Guard | None) -> str:
    """Name the field classes that are asked for, shown and written."""
    if guard is None:
        return NOTHING
    parts = [
        f"{verb} {_classes(found)}"
        for verb, found in (("shows", guard.shown), ("writes", guard.written))
        if found
    ]
    return ", ".join(parts) or NOTHING


def states(operation: str, guard: Guard | None) -> str:
    """Say what the operation does to the state of its record: `draft > confirmed`."""
    if guard is None or guard.machine is None:
        return NOTHING
    if operation in guard.machine.moves:
        return _move(operation, guard.machine)
    if guard.state is not None:
        return f"moves by {place(Located('body', pointer=guard.state))}"
    return NOTHING


def sensitive(policy: OperationPolicy) -> str:
    """Say what is asked for beyond a credential; `recorded` when nothing is."""
    if not policy.sensitive:
        return NOTHING
    demand = policy.demand
    if demand is None:
        return "recorded"
    parts = [f"acr {demand.acr}"] if demand.acr else []
    parts += [f"{demand.max_age} s"] if demand.max_age is not None else []
    parts += ["for one call"] if demand.bind else []
    if demand.approvals:
        parts.append(f"{demand.approvals} approval{'s' if demand.approvals > 1 else ''}")
    return ", ".join(parts) or "recorded"


def place(located: Located) -> str:
    """Name a place in a request as the contract does: `path.id`, `/booking_id`."""
    if located.where == "body":
        return "".join(f"/{token}" for token in located.pointer) or "/"
    return f"{located.where}.{located.name}"


def _classes(found: tuple[Fields, ...]) -> str:
    """Name classes; one that nobody is permitted is named so."""
    return " ".join(f.name if f.slice.footprint.permits else f"{f.name} (to nobody)" for f in found)


def _move(operation: str, machine: Machine) -> str:
    start, to = machine.moves[operation]
    return f"{' or '.join(start) or 'new'} > {to or 'the same'}"
