"""Who can newly do what, and who no longer: each pair of actions, each kind of caller, both ways.

A gain is a fact only with a case that both sides answered through Cedar as claimed; else it is
"possible". What the solver could not decide is "not proved", which is no "nothing".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from yett.policy.cedar.footprint import footprint
from yett.policy.cedar.model import Rule
from yett.policy.cedar.types import Plain, Reference, Type
from yett.review.ask import DEFAULT_TIMEOUT_MS, Answer, Asker
from yett.review.changes import CONFIRMED, NOT_PROVED, POSSIBLE, Case, Change, Compared
from yett.review.classes import find_ties, groups, tell
from yett.review.encode_terms import FALSE, TEXT, Expr, all_of, negate, text
from yett.review.pairs import pair_actions, rename_types, shared_names, unchanged
from yett.review.question import Question, View, questions
from yett.review.replay import confirm
from yett.review.side import Side

SEVERAL_ROLES = "several roles together"


def compare(old: Side, new: Side, timeout_ms: int = DEFAULT_TIMEOUT_MS) -> Compared:
    """Compare two sides.

    Args:
        old: what is in force.
        new: what is proposed.
        timeout_ms: for each question; what takes longer is not proved.
    """
    pairs = pair_actions(old, new)
    names = shared_names(old, new, pairs)
    renamed = rename_types(new, names)
    changes: list[Change] = []
    asked = 0
    for pair in pairs:
        if not names and unchanged(pair, old, new):
            continue
        for question in questions(pair, old, renamed, names):
            asked += 2
            changes += _both_ways(question, timeout_ms)
    return Compared(tuple(changes), asked)


def _both_ways(question: Question, timeout_ms: int) -> list[Change]:
    old, new = _allowed(question.old), _allowed(question.new)
    if old.eq(new):  # one formula: nothing to ask
        return []
    search = Search(question, timeout_ms)
    # Both proofs come before the details of either, which take what time is left.
    gains, losses = all_of(new, negate(old)), all_of(old, negate(new))
    answers = search.asker.ask(gains), search.asker.ask(losses)
    found = (
        search.change(gains, answers[0], gains=True),
        search.change(losses, answers[1], gains=False),
    )
    return [change for change in found if change is not None]


def _allowed(view: View | None) -> Expr:
    return view.allowed if view is not None else FALSE


class Search:
    """The solver's work on one question."""

    def __init__(self, question: Question, timeout_ms: int) -> None:
        self.question = question
        self.ties = find_ties(question)  # before the facts: they may speak of more
        self.groups = groups(question)
        self.asker = Asker(question.facts(), timeout_ms)

    def change(self, wanted: Expr, answer: Answer, *, gains: bool) -> Change | None:
        """Tell what an answer means; None where it is proved that one side allows no more."""
        if answer.verdict == "no":
            return None
        pair = self.question.pair
        plain = Change(
            action=pair.name,
            gains=gains,
            certainty=NOT_PROVED,
            kind=self.question.kind,
            fields=pair.fields,
            note=answer.reason or self._untold(),
        )
        if answer.verdict == "unknown":
            return plain
        return self._found(plain, wanted, answer)

    def _found(self, plain: Change, wanted: Expr, answer: Answer) -> Change:
        case, model, confirmed = self._case(wanted, answer, gains=plain.gains)
        if not confirmed and plain.note:
            return plain
        yes, no = self.question.new, self.question.old
        if not plain.gains:
            yes, no = no, yes
        return Change(
            action=plain.action,
            gains=plain.gains,
            certainty=CONFIRMED if confirmed else POSSIBLE,
            kind=plain.kind,
            fields=plain.fields,
            who=self._who(wanted),
            case=case,
            permits=_holding(yes, model, "permit"),
            forbids=_holding(no, model, "forbid"),
            note=_refusal(self.question, gains=plain.gains),
            reads=_reads(self.question),
        )

    def _case(self, wanted: Expr, answer: Answer, *, gains: bool) -> tuple[Case | None, Any, bool]:
        """Find a case that is easy to read, else any; answers it, its model, and if it is true."""
        wishes = self.asker.prefer([wanted], _wishes(self.question))
        case = None
        for model in (self.asker.ask(*wishes).model, answer.model):
            if model is not None:
                case, confirmed = confirm(self.question, model, gains=gains)
                if confirmed:
                    return case, model, True
        return case, answer.model, False

    def _who(self, wanted: Expr) -> tuple[str, ...]:
        found = tell(self.asker, wanted, self.groups, self.ties)
        return tuple(found) or (f"{self.question.kind} with {SEVERAL_ROLES}",)

    def _untold(self) -> str:
        """Say which rules the solver was not told."""
        views = [view for view in (self.question.old, self.question.new) if view is not None]
        untold = {f"`{id_}` has {why}" for view in views for id_, why in view.untold}
        return "; ".join(sorted(untold))


def _refusal(question: Question, *, gains: bool) -> str:
    """Say it where the other side refuses whatever is asked, and not by a rule."""
    other = question.pair.old if gains else question.pair.new
    refused = other is not None and other.refused
    return "every call is refused there: its rules read what nothing declares" if refused else ""


def _reads(question: Question) -> dict[str, frozenset[str]]:
    """Return what the rules of both sides read, by variable: only that of a case is shown."""
    views = [view for view in (question.old, question.new) if view is not None]
    rules = tuple(each.rule for view in views for each in view.rules)
    seen = footprint(rules)
    return {"principal": seen.principal, "resource": seen.resource, "context": seen.context}


def _holding(view: View | None, model: Any, effect: str) -> tuple[Rule, ...]:
    """Return the rules that hold in a model, or err where they forbid."""
    found = []
    for each in view.rules if view is not None else ():
        met = z3.Or(each.holds, each.errs) if effect == "forbid" else each.holds
        if each.rule.effect == effect and z3.is_true(model.eval(met, model_completion=True)):
            found.append(each.rule)
    return tuple(found)


def _wishes(question: Question) -> list[Expr]:
    """Return what makes a case easy to read, where it is possible."""
    view = question.new or question.old
    assert view is not None
    variables = view.encoder.variables
    none = z3.EmptySet(TEXT)
    return [
        variables["principal"].value == text("alice"),
        variables["resource"].value == text("1"),
        z3.Const("token roles", z3.SetSort(TEXT)) == none,
        z3.Const("token scopes", z3.SetSort(TEXT)) == none,
        *_readable(question, view),
    ]


def _readable(question: Question, view: View) -> Iterator[Expr]:
    """Wish for texts that say what they are: `tenant-1`, or `tenant-2` where it must differ."""
    for variable, names in _reads(question).items():
        term = view.encoder.variables[variable]
        if variable == "context" or not isinstance(term.type, Reference):
            continue
        entity = view.encoder.schema.entities[term.type.entity]
        for attribute in entity.attributes:
            if attribute.name in names and _is_text(attribute.type):
                slot = view.encoder.owned(entity.name, attribute, term.value)
                yield from (slot.value == text(f"{attribute.name}-{n}") for n in (1, 2))


def _is_text(type_: Type) -> bool:
    return isinstance(type_, Reference) or type_ == Plain("String")
