"""Runs a case through Cedar itself, and through `security`, on both sides: only then is it a fact.

Independent of the encoding: `cedarpy` gets the policies' text and the schema, and refuses a case
that does not conform to it. The gate's strict rule (a forbid that errs denies) is applied.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from yett.policy.cedar.model import Inputs
from yett.policy.cedar.oracle import NO_DECISION, ask_rules
from yett.review.changes import Case
from yett.review.question import Question, View
from yett.review.side import Action, Side
from yett.review.witness import stage


def confirm(question: Question, model: Any, *, gains: bool) -> tuple[Case | None, bool]:
    """Run the model's case on both sides.

    Args:
        question: that was asked.
        model: the solver's.
        gains: what it claims: NEW allows and OLD does not, or the reverse.

    Returns:
        the case as the side that allows it sees it, and whether both sides answered as claimed.
    """
    yes, no = (question.new, question.old) if gains else (question.old, question.new)
    if yes is None:
        return None, False
    case = stage(question, yes, model)
    refused = no is None or play(no, stage(question, no, model)) is False
    return case, refused and play(yes, case) is True


def play(view: View, case: Case) -> bool | None:
    """Answer one case; None where Cedar cannot answer it."""
    action, side = view.action, view.side
    if not secured(side, action, case):
        return False
    wanted = [action] if action.approval else [side.actions[action.base], action]
    answers = [_decide(side, each, case) for each in {a.id: a for a in wanted}.values()]
    return None if None in answers else all(answers)


def secured(side: Side, action: Action, case: Case) -> bool:
    """Whether OpenAPI's `security` lets the case through (step 7)."""
    if action.approval:
        return case.kind != "anonymous"
    grants = side.roles or {}
    own = case.scopes.union(*(grants.get(role, frozenset()) for role in case.roles))
    for needs in action.security or ():
        able = [case.kind in side.schemes.get(scheme, ()) for scheme, _ in needs]
        first = able.index(True) if True in able else -1
        held = [own if at == first else case.others.get(s) for at, (s, _) in enumerate(needs)]
        pairs = zip(held, needs, strict=True)
        met = (has is not None and scopes <= has for has, (_, scopes) in pairs)
        if not needs or (first >= 0 and all(met)):
            return True
    return False


def _decide(side: Side, action: Action, case: Case) -> bool | None:
    """Ask Cedar about one action."""
    if action.rules is None:
        return True
    entities = {entity.uid: entity for entity in case.entities}
    record = entities.get(case.resource)
    text: str | None = side.text
    if action.hidden and record is not None and case.resource != case.principal:
        shown = {name: v for name, v in record.attrs.items() if name not in action.hidden}
        entities[case.resource] = replace(record, attrs=shown)
        text = None  # what is left is no whole record
    asked = Inputs(case.principal, case.resource, case.context, entities)
    groups = side.schema.groups_of(action.id) if text is None else frozenset[str]()
    found = ask_rules(action.rules, action.id, groups, asked, text)
    answered = not any(error.startswith(NO_DECISION) for error in found.errors)
    return found.allow if answered else None
