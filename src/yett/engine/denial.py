"""From a denial to the refusal a client gets: what it may learn from it, and what not.

A denial that could differ from record to record looks like a record that is not there; one that
holds for every record of the operation is plainly 403. The reasons go to the record, never out.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.policy.authz.model import Guard
from yett.policy.cedar.model import Decided, Slice
from yett.problems import NO_SUCH_RECORD, NOT_PERMITTED, Problem

SEEN = "seen"


def deny(x: Exchange, guard: Guard, slice_: Slice, *, blind: bool) -> Problem:
    """Return the refusal of a denied request.

    Args:
        x: the exchange, with the reasons on it.
        guard: of its operation.
        slice_: the rules that denied.
        blind: they denied without knowing the record's attributes.
    """
    hides = guard.hides and (not blind or slice_.footprint.resource_uid)
    if hides or (guard.located is not None and asks_seen(slice_)):
        return NO_SUCH_RECORD(note=reason(x))
    return NOT_PERMITTED(note=reason(x))


def reason(x: Exchange) -> str:
    """Say in a line why rules denied, for the record: the first of the reasons, or the rules."""
    if x.why:
        return x.why[0]
    if x.policies:
        return f"forbidden by `{x.policies[0]}`"
    return "no rule permits it"


def asks_seen(slice_: Slice) -> bool:
    """Whether the rules ask if the caller was shown the record."""
    footprint = slice_.footprint
    return SEEN in footprint.context or "context" in footprint.whole


def only_state(decided: Decided, states: frozenset[str]) -> bool:
    """Whether a denial is about the record's state alone: all else would have permitted it."""
    if not decided.permitted or not decided.ids or decided.errors:
        return False
    return states.issuperset(decided.ids)


def state_rules(slice_: Slice) -> frozenset[str]:
    """Return the ids of the rules that a state machine generated."""
    return frozenset(r.id for r in slice_.rules if r.generated and r.id.startswith("state:"))
