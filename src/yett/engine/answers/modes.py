"""What the mode of a rule makes of its refusal, for answers: refused, noted, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.problems import ANSWER_UNCHECKABLE, NO_SUCH_RECORD, Problem
from yett.terms import Mode

if TYPE_CHECKING:
    from yett.engine.answers.checks import Checks
    from yett.engine.exchange import Exchange


def mind(x: Exchange, mode: Mode, problem: Problem, *, always: bool = True) -> Problem | None:
    """Return the problem where the rule is enforced; where it observes, note it.

    Args:
        x: the exchange.
        mode: of the rule.
        problem: its refusal.
        always: False when the answer is the same with and without the rule, so nothing is noted.
    """
    if mode is Mode.ENFORCE:
        return problem
    if mode is Mode.OBSERVE and always:
        x.observed += (problem,)
    return None


def refusal(x: Exchange, checks: Checks, why: str) -> Problem:
    """Return the refusal of an answer that no rule can read; see `release.uncheckable`."""
    hidden = checks.records is Mode.ENFORCE and checks.conceals(x)
    return (NO_SUCH_RECORD if hidden else ANSWER_UNCHECKABLE)(note=why)


def strictest(*modes: Mode) -> Mode:
    """Return the strictest of several modes."""
    if Mode.ENFORCE in modes:
        return Mode.ENFORCE
    return Mode.OBSERVE if Mode.OBSERVE in modes else Mode.OFF
