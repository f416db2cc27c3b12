"""Decisions: the one way from rules to an answer, for steps 11, 12 and 14.

What was decided is noted on the exchange for the record of it, and some of it is compared with
cedarpy later. A principal that cannot be made into an entity is denied whatever the rules say.
"""

from __future__ import annotations

from yett.engine.entities import subject
from yett.engine.exchange import Exchange
from yett.policy.cedar.explain import explain
from yett.policy.cedar.model import Decided, Inputs, Slice

MAX_POLICIES = 32
NOTHING_PERMITS = Decided(allow=False)


def judge(x: Exchange, slice_: Slice, inputs: Inputs, *, explained: bool = True) -> Decided:
    """Decide, and note by which rules and, for a denial, why.

    Args:
        x: the exchange.
        slice_: the rules of the action.
        inputs: from `entities.inputs`.
        explained: False where a denial is one of many (items of a list) and no reason is kept.
    """
    decided = weigh(x, slice_, inputs)
    note(x, slice_, inputs, decided, explained=explained)
    return decided


def weigh(x: Exchange, slice_: Slice, inputs: Inputs) -> Decided:
    """Decide without a note: for what is only offered, such as operations that are possible."""
    subject(x)
    if x.unjudged:
        return NOTHING_PERMITS
    decided = slice_.decide(inputs)
    x.view.sample(slice_, inputs, decided)
    return decided


def foresee(x: Exchange, slice_: Slice, inputs: Inputs) -> Decided | None:
    """Decide without the resource's attributes and without a note; None when it depends on them."""
    subject(x)
    return NOTHING_PERMITS if x.unjudged else slice_.foresee(inputs)


def note(
    x: Exchange, slice_: Slice, inputs: Inputs, decided: Decided, *, explained: bool = True
) -> None:
    """Keep the determining rules of a decision for the record; a denial's stand alone."""
    if decided.allow:
        if not x.policies and len(decided.ids) <= MAX_POLICIES:
            x.policies = decided.ids
        elif decided.ids != x.policies:
            found = dict.fromkeys((*x.policies, *decided.ids))
            x.policies = tuple(found)[:MAX_POLICIES]
        return
    x.policies = decided.ids[:MAX_POLICIES]
    if x.unjudged:
        x.why = (x.unjudged,)
    elif explained:
        x.why = explain(slice_, inputs, decided)
