"""Names that two actions, or an action and a group, would share: refused, never merged.

An `operationId` of `approve` would be the group of all approvals, and with it in `write`, whoever
may write could approve. Cedar reference, "Actions".
"""

from __future__ import annotations

from yett.contract.model import Operation
from yett.contract.report import Report, quote
from yett.policy.authz.facts import Facts
from yett.policy.authz.schema import actions_of
from yett.policy.rules import AUTHZ_NAME

HINT = "give the operation another `operationId`, in its document or by an overlay"


def find_clashes(facts: Facts, report: Report) -> None:
    """Report every operation whose actions are named like another's, or like a group."""
    made = [(o, names) for o in facts.operations() for names in actions_of(o, facts)]
    groups = {group for _, (_, groups) in made for group in groups}
    taken: dict[str, Operation] = {}
    for operation, (action, _) in made:
        other = taken.setdefault(action, operation)
        if action in groups:
            _report(operation, f"{quote(action)} is a group of actions", report)
        elif other is not operation:
            _report(operation, f"{quote(action)} is an action of `{other.id}`", report)


def _report(operation: Operation, message: str, report: Report) -> None:
    report.add(AUTHZ_NAME, message, operation.source, hint=HINT, subject=operation.id)
