"""Findings of step 14: proof that the service does something its contract rules out.

A record that its caller may not see and that the service gave all the same; a state that no
transition leads to. They are events beside the request's own, with the rules and the reason.
"""

from __future__ import annotations

from msgspec.structs import replace

from yett.engine import record
from yett.engine.exchange import Exchange
from yett.policy.cedar.model import Uid
from yett.terms import Decision, Event, Verdict

RELEASE_STEP = 14
LEAK = "record-leaked"
BROKEN = "machine-broken"
FINDINGS = (LEAK, BROKEN)
MAX_NAMED = 20


def finding(
    x: Exchange, code: str, note: str, uids: list[Uid], *, status: int, enforced: bool = True
) -> Event:
    """Build the event.

    Args:
        x: the exchange, with rules and reasons of the denial on it.
        code: `record-leaked` or `machine-broken`.
        note: one line for operators.
        uids: the records it is about.
        status: what the service answered.
        enforced: whether it was kept from the caller.
    """
    decision = Decision(verdict=Verdict.REFUSE if enforced else Verdict.ALLOW, step=RELEASE_STEP)
    made = record.event(
        x, decision, status=0, upstream_status=status, bytes_in=0, bytes_out=0, seconds=0.0
    )
    return replace(made, kind="finding", code=code, note=note, resources=named(uids))


def named(uids: list[Uid]) -> tuple[str, ...]:
    """Name the first records, and say how many more there are."""
    first = tuple(map(str, uids[:MAX_NAMED]))
    more = len(uids) - MAX_NAMED
    return (*first, f"and {more} more") if more > 0 else first
