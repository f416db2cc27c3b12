"""Counting records by reason and operation: what a rule refuses, or would refuse if enforced.

One pass, memory bounded by `MAX_GROUPS`. Counts requests, not records: a sensitive operation leaves
three. A credential that is missing also lacks every scope; that second reason is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from yett.records.line import Record
from yett.terms import Event

MAX_GROUPS = 2000
OTHERS = "others"


class Group(Struct, frozen=True):
    """Requests that ended, or would have ended, for one reason at one operation.

    Args:
        code: the problem's code, empty for what was let through without one.
        operation: the operation's id; `METHOD path` where the contract declares none.
        requests: how many.
        principals: how many different principals, anonymous ones not counted; at most as exact
            as `MAX_GROUPS` names.
        first: unix seconds of the oldest.
        last: unix seconds of the newest.
        example: request id of one of them, for `yett audit show`.
    """

    code: str
    operation: str
    requests: int
    principals: int
    first: float
    last: float
    example: str


def count(records: Iterable[Record], *, observed: bool = False, code: str = "") -> list[Group]:
    """Count records by reason and operation, the most frequent first.

    Args:
        records: those that a search has found.
        observed: count what would have been refused, not what was.
        code: only this code.
    """
    groups: dict[tuple[str, str], Group] = {}
    names: dict[tuple[str, str], set[str]] = {}
    for record in records:
        event = record.e
        if event.kind != "request":
            continue
        for reason in _reasons(event, observed=observed):
            if code and reason != code:
                continue
            key = (reason, _operation(event, reason))
            if key not in groups and len(groups) >= MAX_GROUPS:
                key = (reason, OTHERS)
            who = names.setdefault(key, set())
            if event.principal and len(who) < MAX_GROUPS:
                who.add(event.principal)
            groups[key] = _add(groups.get(key), key, event, len(who))
    return sorted(groups.values(), key=lambda group: (-group.requests, group.code, group.operation))


def _reasons(event: Event, *, observed: bool) -> tuple[str, ...]:
    if not observed:
        return (event.code,)
    nobody = any(code.startswith("credential-") for code in event.observed)
    # A set: a rule may have several complaints about one request.
    return tuple({code for code in event.observed if not (nobody and code == "scope-missing")})


def _operation(event: Event, reason: str) -> str:
    """Name the operation; what is not declared has none, whatever stood in for it."""
    undeclared = reason.startswith("undeclared-") or not event.operation
    return f"{event.method} {event.path}".strip() if undeclared else event.operation


def _add(group: Group | None, key: tuple[str, str], event: Event, principals: int) -> Group:
    if group is None:
        return Group(*key, 1, principals, event.time, event.time, event.request)
    return replace(
        group,
        requests=group.requests + 1,
        principals=principals,
        first=min(group.first, event.time),
        last=max(group.last, event.time),
    )
