"""Puts a question to the solver: with a bound on its time, and an answer that may be `unknown`.

Nothing is trusted here: a model becomes a fact only after `replay.py`, and only `unsat` proves.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, NamedTuple

import z3

from yett.review.encode_terms import Expr

SEED = 7  # the same question has the same answer, and the same witness
DEFAULT_TIMEOUT_MS = 3000
BUDGET = 4  # timeouts that all questions of one action and kind of caller may take together


class Answer(NamedTuple):
    """`no` is proved; `yes` has a model; `unknown` has the solver's reason."""

    verdict: str
    model: Any = None
    reason: str = ""


class Asker:
    """One solver with the facts of one question; conditions are asked on top of them."""

    def __init__(self, facts: list[Expr], timeout_ms: int = DEFAULT_TIMEOUT_MS) -> None:
        self._left = BUDGET * timeout_ms / 1000
        self._solver = z3.SimpleSolver()
        self._solver.set("timeout", timeout_ms)
        self._solver.set("random_seed", SEED)
        self._solver.add(*facts)

    def ask(self, *conditions: Expr) -> Answer:
        """Ask whether all conditions can be true at once."""
        if any(z3.is_false(condition) for condition in conditions):
            return Answer("no")
        if self._left < 0:
            return Answer("unknown", reason="the time for this action is used up")
        began = monotonic()
        self._solver.push()
        try:
            self._solver.add(*conditions)
            found = self._solver.check()
            if found == z3.sat:
                return Answer("yes", self._solver.model())
            if found == z3.unsat:
                return Answer("no")
            return Answer("unknown", reason=self._solver.reason_unknown())
        except z3.Z3Exception as error:
            return Answer("unknown", reason=str(error)[:200])
        finally:
            self._solver.pop()
            self._left -= monotonic() - began

    def prefer(self, fixed: list[Expr], wishes: list[Expr]) -> list[Expr]:
        """Return `fixed` with those wishes, in order, that can still come true."""
        kept = list(fixed)
        for wish in wishes:
            if self.ask(*kept, wish).verdict == "yes":
                kept.append(wish)
        return kept
