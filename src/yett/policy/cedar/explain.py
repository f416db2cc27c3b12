"""Why a decision came out as it did, clause by clause, for operators and the record; never callers.

"`bookings-own`: `resource.customer == principal` is false". Says what the rule says and whether it
held: no value of a record appears that the rule's own text does not name. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from cedarpy import pst
from msgspec import Struct

from yett.policy.cedar.clauses import Clause, take_apart
from yett.policy.cedar.evaluate import Outcome, make_judge
from yett.policy.cedar.model import Decided, Inputs, Rule, Slice

MAX_REASONS = 6
MAX_CLAUSES = 4
MAX_CLAUSE_CHARACTERS = 160
MAX_SLICES = 1024
Judge = Callable[[pst.Expr], tuple[Outcome, str]]
NO_PERMIT = "no rule permits this action"


class Tried(Struct, frozen=True):
    """A rule beside one question: its clauses with what they came to, and what erred."""

    rule: Rule
    judged: tuple[tuple[Clause, Outcome, str], ...]

    def failed(self) -> tuple[tuple[Clause, Outcome, str], ...]:
        """Return the clauses that were not true."""
        return tuple(one for one in self.judged if one[1] is not Outcome.TRUE)

    def in_scope(self) -> bool:
        """Whether the rule is about this principal and resource at all."""
        return not any(clause.scope for clause, _, _ in self.failed())


class Parts(Struct):
    """The rules of a slice, taken apart; those that only Cedar can read have no clauses."""

    rules: tuple[tuple[Rule, tuple[Clause, ...]], ...]


def explain(slice_: Slice, inputs: Inputs, decided: Decided) -> tuple[str, ...]:
    """Return reasons for a decision, most useful first.

    A denial by forbids names what made them hold; one without a permit names what the nearest
    permits lacked; an allowance names the permits that held.

    Args:
        slice_: the rules that were asked.
        inputs: the question.
        decided: the answer.

    Returns:
        at most `MAX_REASONS` lines; never none for a denial.
    """
    rules = _parts(_Key(slice_)).rules
    judge = make_judge(inputs, slice_.action, slice_.groups)
    determining = [one for one in rules if one[0].id in decided.ids]
    found = [_held(_try(rule, clauses, judge)) for rule, clauses in determining]
    if not decided.allow and not decided.permitted:
        permits = [
            _try(rule, clauses, judge)
            for rule, clauses in rules
            if rule.effect == "permit" and rule.id not in decided.ids
        ]
        found += [_lacked(one) for one in _nearest(permits)] or [NO_PERMIT]
    return tuple(found[:MAX_REASONS])


def _nearest(permits: list[Tried]) -> list[Tried]:
    """Sort permits by how little they lacked; those of another principal type come last or not."""
    about = [one for one in permits if one.in_scope()]
    return sorted(about or permits, key=lambda one: len(one.failed()))


def _try(rule: Rule, clauses: tuple[Clause, ...], judge: Judge) -> Tried:
    """Judge each clause in Cedar's order.

    Behind a false clause an error says nothing: `resource has a && resource.a > 1` guards itself.
    """
    judged: list[tuple[Clause, Outcome, str]] = []
    guarded = False
    for clause in clauses:
        outcome, note = judge(clause.expr)
        if guarded and outcome in (Outcome.ERROR, Outcome.UNKNOWN):
            continue
        guarded = guarded or outcome is not Outcome.TRUE
        judged.append((clause, outcome, note))
    return Tried(rule, tuple(judged))


def _held(one: Tried) -> str:
    """Say of a determining rule what made it hold, or what erred in it."""
    erred = [part for part in one.judged if part[1] is Outcome.ERROR]
    does = f"`{one.rule.id}` {one.rule.effect}s"
    if erred:
        return f"{does}, because it erred: {_say(erred)}"
    if one.rule.tree is None:
        return f"{does}; its form is read by Cedar alone"
    # Its scope says whom it is about; what made it hold stands in its conditions, if it has any.
    shown = [part for part in one.judged if not part[0].scope] or list(one.judged)
    return f"{does}: {_say(shown)}" if shown else f"{does} always"


def _lacked(one: Tried) -> str:
    """Say of a permit that did not hold what it lacked."""
    if one.rule.tree is None:
        return f"`{one.rule.id}` did not hold; its form is read by Cedar alone"
    lacked = _say(list(one.failed()))
    return f"`{one.rule.id}`: {lacked or 'every clause is true, and Cedar did not decide'}"


def _say(judged: list[tuple[Clause, Outcome, str]]) -> str:
    said = [_sentence(*part) for part in judged[:MAX_CLAUSES]]
    rest = len(judged) - len(said)
    return "; ".join(said) + (f"; and {rest} more" if rest else "")


def _sentence(clause: Clause, outcome: Outcome, note: str) -> str:
    text = clause.text
    if len(text) > MAX_CLAUSE_CHARACTERS:
        text = text[: MAX_CLAUSE_CHARACTERS - 1] + "…"
    match outcome:
        case Outcome.TRUE:
            return f"`{text}` is true"
        case Outcome.FALSE:
            return f"`{text}` is false"
        case Outcome.ERROR:
            return f"`{text}` errs: {note}"
        case Outcome.UNKNOWN:
            return f"`{text}` is not known: {note}"


class _Key:
    """A slice by identity: to hash its rules would cost more than to take them apart."""

    __slots__ = ("slice",)

    def __init__(self, slice_: Slice) -> None:
        self.slice = slice_

    def __hash__(self) -> int:
        return id(self.slice)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.slice is other.slice


@lru_cache(maxsize=MAX_SLICES)
def _parts(key: _Key) -> Parts:
    rules = key.slice.rules
    return Parts(tuple((rule, take_apart(rule.tree) if rule.tree else ()) for rule in rules))
