"""From the rules that held or erred to the decision.

Evaluations answer one integer: bit `i` for a rule that held, bit `n + i` for one that erred, bit
`2n + i` for one that nobody can know yet. Decisions are values, so each is made once and kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from yett.policy.cedar.model import Decided, Rule

# Of `n` rules there are 3^n outcomes; requests meet a few. Nobody fills memory by trying them.
MAX_KEPT_DECISIONS = 1024


class Settled(dict[int, Decided]):
    """The decision for each outcome met so far.

    Args:
        rules: in the order of their bits.
        strict: an erring `forbid` denies; False is Cedar's own reading, for comparison only.
    """

    def __init__(self, rules: Sequence[Rule], *, strict: bool = True) -> None:
        super().__init__()
        self._rules = tuple((rule.id, rule.effect == "permit") for rule in rules)
        self._strict = strict

    def __missing__(self, outcome: int) -> Decided:
        decided = self._decide(outcome)
        if len(self) < MAX_KEPT_DECISIONS:
            self[outcome] = decided
        return decided

    def _decide(self, outcome: int) -> Decided:
        held, errors = self._ids(outcome), self._ids(outcome >> len(self._rules))
        permits = tuple(id_ for id_, permit in held if permit)
        erred = tuple(id_ for id_, _ in errors)
        blocking = {*held, *errors} if self._strict else {*held}
        forbids = tuple(id_ for id_, permit in self._rules if not permit
                        and (id_, permit) in blocking)  # fmt: skip
        if permits and not forbids:
            return Decided(True, permits, erred, True)
        return Decided(False, forbids, erred, bool(permits))

    def _ids(self, bits: int) -> list[tuple[str, bool]]:
        return [rule for at, rule in enumerate(self._rules) if bits >> at & 1]


class Foreseen(dict[int, "Decided | None"]):
    """The decision that holds whatever the unknown rules answer, None where there is none."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__()
        self._settled = Settled(rules)
        self._size = len(rules)
        self._permits = sum(1 << at for at, rule in enumerate(rules) if rule.effect == "permit")

    def __missing__(self, outcome: int) -> Decided | None:
        unknown = outcome >> 2 * self._size
        certain = outcome & (1 << 2 * self._size) - 1
        decided = self._settled[certain]
        answer: Decided | None = decided
        if decided.allow:
            answer = None if unknown & ~self._permits else decided
        elif not decided.ids and unknown & self._permits:
            answer = None
        if len(self) < MAX_KEPT_DECISIONS:
            self[outcome] = answer
        return answer


def agree(one: Decided, two: Decided) -> bool:
    """Whether two engines decided alike; `permitted` is no part of what cedarpy says."""
    return (
        one.allow == two.allow
        and set(one.ids) == set(two.ids)
        and set(one.errors) == set(two.errors)
    )
