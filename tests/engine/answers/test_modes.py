"""A refusal of step 14 under each mode of its rule."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

from yett.engine.answers.modes import mind, strictest
from yett.problems import NO_SUCH_RECORD
from yett.terms import Mode


def test_a_refusal_is_returned_noted_or_nothing():
    """`enforce` answers it, `observe` keeps it, `off` forgets it."""
    problem = NO_SUCH_RECORD()
    for mode, returned, noted in (
        (Mode.ENFORCE, problem, ()),
        (Mode.OBSERVE, None, (problem,)),
        (Mode.OFF, None, ()),
    ):
        x = SimpleNamespace(observed=())
        assert mind(x, mode, problem) is returned
        assert x.observed == noted
        x = SimpleNamespace(observed=())
        assert mind(x, mode, problem, always=False) is returned
        assert x.observed == ()


def test_the_strictest_of_several():
    """`enforce` before `observe` before `off`."""
    order = (Mode.OFF, Mode.OBSERVE, Mode.ENFORCE)
    for one, two in product(range(3), range(3)):
        assert strictest(order[one], order[two]) is order[max(one, two)]
