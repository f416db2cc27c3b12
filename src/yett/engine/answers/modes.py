"""What the mode of a rule makes of its refusal, for answers: refused, noted, or nothing."""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.problems import Problem
from yett.terms import Mode

_ORDER = (Mode.OFF, Mode.OBSERVE, Mode.ENFORCE)


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


def strictest(*modes: Mode) -> Mode:
    """Return the strictest of several modes."""
    return max(modes, key=_ORDER.index)
