"""A whole review: specification and access, with the solver where it is installed.

z3 is the extra `yett[diff]` (59 MB). Without it, policies that are word for word the same are still
known to change nothing; everything else is "not proved", never "nothing".
"""

from __future__ import annotations

import importlib.util

from yett.contract.model import Contract
from yett.policy.model import Policy
from yett.review.pairs import pair_actions, unchanged
from yett.review.report import INSTALL, Review
from yett.review.side import Side, make_side
from yett.review.spec import spec_changes

DEFAULT_TIMEOUT_S = 3.0


def review(
    old: tuple[Contract, Policy],
    new: tuple[Contract, Policy],
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> Review:
    """Compare two compiled contracts.

    Args:
        old: what is in force.
        new: what is proposed.
        timeout_s: seconds for each question to the solver; what takes longer is not proved.
    """
    sides = make_side(*old), make_side(*new)
    spec = spec_changes(old, new)
    sensitive = frozenset(
        action.id
        for side in sides
        for action in side.actions.values()
        if action.operation is not None and action.operation.settings.sensitive is not None
    )
    if not has_solver():
        unasked = INSTALL if _differ(*sides) else ""
        return Review(spec=spec, unasked=unasked, sensitive=sensitive)
    from yett.review.access import compare  # noqa: PLC0415 — needs the extra `yett[diff]`

    compared = compare(*sides, timeout_ms=max(1, round(timeout_s * 1000)))
    return Review(
        changes=compared.changes, spec=spec, questions=compared.questions, sensitive=sensitive
    )


def has_solver() -> bool:
    """Whether the extra `yett[diff]` is installed."""
    return importlib.util.find_spec("z3") is not None


def _differ(old: Side, new: Side) -> bool:
    return not all(unchanged(pair, old, new) for pair in pair_actions(old, new))
