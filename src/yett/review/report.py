"""The report of a review: findings for people and programs, and what was proved.

An access change is one finding for each action, way and certainty, with every class of callers in
its message and one replayed request in its hint. What is not proved of a sensitive operation is an
error: a pipeline must not let it through for want of a proof.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from yett.contract.report import quote
from yett.contract.rules import Rule
from yett.policy.cedar.json_out import to_json, uid_json, write_entity
from yett.policy.cedar.model import Rule as Policy
from yett.review.changes import CONFIRMED, NOT_PROVED, Case, Change
from yett.review.rules import ACCESS_GAINED, ACCESS_LOST, ACCESS_NOT_PROVED, ACCESS_POSSIBLE
from yett.review.words import example
from yett.terms import Finding

INSTALL = "install yett[diff]"


class Review(Struct, frozen=True, kw_only=True):
    """What changed from OLD to NEW.

    Args:
        changes: who gains or loses what.
        spec: differences of the specification.
        questions: how many were put to the solver.
        unasked: why none were, although policies changed; empty where all were.
        sensitive: actions of sensitive operations.
    """

    changes: tuple[Change, ...] = ()
    spec: tuple[Finding, ...] = ()
    questions: int = 0
    unasked: str = ""
    sensitive: frozenset[str] = frozenset()

    def proved(self) -> bool:
        """Whether it is proved that nobody gains anything by the policies."""
        return not self.unasked and not any(change.gains for change in self.changes)

    def findings(self) -> tuple[Finding, ...]:
        """Return everything as findings, the worst first."""
        found = [*self._access(), *self.spec]
        if self.unasked:
            severity = "error" if self.sensitive else ACCESS_NOT_PROVED.severity
            message = "NOT PROVED: policies changed, and nothing says what they newly allow"
            found.append(
                Finding(
                    rule=ACCESS_NOT_PROVED.id, severity=severity, message=message, hint=self.unasked
                )
            )
        order = ("error", "warning", "note")
        return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))

    def widened(self) -> bool:
        """Whether anything is wider, or not proved not to be."""
        return any(finding.severity != "note" for finding in self.findings())

    def _access(self) -> list[Finding]:
        grouped: dict[tuple[Any, ...], list[Change]] = {}
        for change in self.changes:
            key = (change.action, change.gains, change.certainty)
            grouped.setdefault(key, []).append(change)
        return [self._finding(same) for same in grouped.values()]

    def _finding(self, same: list[Change]) -> Finding:
        first = same[0]
        rule = _rule(first)
        fails = rule is ACCESS_NOT_PROVED and first.action in self.sensitive
        cause = _cause(first)
        return Finding(
            rule=rule.id,
            severity="error" if fails else rule.severity,
            message=message(same),
            path=cause.source.path if cause else "",
            line=cause.source.line if cause else 0,
            hint=_hint(first),
            subject=first.action,
        )


def _rule(change: Change) -> Rule:
    if not change.gains:
        return ACCESS_LOST
    return {CONFIRMED: ACCESS_GAINED, NOT_PROVED: ACCESS_NOT_PROVED}.get(
        change.certainty, ACCESS_POSSIBLE
    )


def message(same: list[Change]) -> str:
    """Say who gains or loses what; all changes are of one action, way and certainty."""
    first = same[0]
    way = "newly allowed" if first.gains else "no longer allowed"
    if first.certainty == NOT_PROVED:
        kinds = ", ".join(dict.fromkeys(change.kind for change in same))
        return f"NOT PROVED: {quote(first.action)} may be {way} for {kinds}"
    sure = "" if first.certainty == CONFIRMED else "POSSIBLE: "
    who = "; ".join(_together(same))
    return f"{sure}{quote(first.action)} is {way} for {who}"


def _together(same: list[Change]) -> list[str]:
    """Name classes that differ by the kind of caller only together."""
    kinds: dict[str, list[str]] = {}
    for change in same:
        for name in change.who:
            kinds.setdefault(name.removeprefix(change.kind), []).append(change.kind)
    return [f"{', '.join(each)}{rest}" for rest, each in kinds.items()]


def _hint(change: Change) -> str:
    if change.certainty == NOT_PROVED:
        return f"{change.note or 'the solver gave up'}; read this change by hand"
    rules = [f"permitted by {_ids(change.permits)}"] if change.permits else []
    rules += [f"forbidden by {_ids(change.forbids)}"] if change.forbids else []
    sides = ("now", "before") if change.gains else ("before", "now")
    said = [f"{side} {rule}" for side, rule in zip(sides, rules, strict=False)]
    if change.forbids and not change.permits:
        said = [f"{sides[1]} {rules[0]}"]
    return "; ".join((f"such as {example(change)}", *said, *([change.note] if change.note else [])))


def _ids(rules: tuple[Policy, ...]) -> str:
    return ", ".join(quote(rule.id) for rule in rules[:3])


def _cause(change: Change) -> Policy | None:
    """Return the rule to look at: what permits now, or, of a loss, what forbids now."""
    rules = change.permits if change.gains else change.forbids
    return next((rule for rule in rules if not rule.generated), None)


def as_data(review: Review) -> dict[str, Any]:
    """Return what the JSON report has beside findings."""
    return {
        "proved": review.proved(),
        "questions": review.questions,
        "not_proved": review.unasked,
        "changes": [_change(change) for change in review.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "action": change.action,
        "fields": change.fields,
        "way": "gains" if change.gains else "loses",
        "certainty": change.certainty,
        "kind": change.kind,
        "who": list(change.who),
        "case": _case(change.case) if change.case else None,
        "permits": [_place(rule) for rule in change.permits],
        "forbids": [_place(rule) for rule in change.forbids],
        "note": change.note,
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "principal": uid_json(case.principal),
        "resource": uid_json(case.resource),
        "context": {name: to_json(value) for name, value in case.context.items()},
        "entities": [write_entity(entity) for entity in case.entities],
        "roles": sorted(case.roles),
        "scopes": sorted(case.scopes),
        "others": {scheme: sorted(scopes) for scheme, scopes in case.others.items()},
    }


def _place(rule: Policy) -> dict[str, Any]:
    return {"id": rule.id, "path": rule.source.path, "line": rule.source.line}
