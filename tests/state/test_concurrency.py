"""Counting requests under way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yett.state.concurrency import Concurrency


def test_no_more_than_the_cap_enter():
    """The cap holds, and leaving makes room again."""
    counter = Concurrency()
    assert [counter.enter("ana", 2) for _ in range(3)] == [True, True, False]
    counter.leave("ana")
    assert counter.enter("ana", 2)
    assert counter.enter("bob", 1)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.integers(1, 3))))
def test_counts_never_go_below_zero_and_nothing_stays(steps):
    """Any order of entering and leaving ends with an empty table when all have left."""
    counter, under_way = Concurrency(), []
    for enter, subject, most in steps:
        if enter:
            if counter.enter(subject, most):
                under_way.append(subject)
        elif subject in under_way:
            under_way.remove(subject)
            counter.leave(subject)
        assert len(counter) == len(set(under_way))
    for subject in under_way:
        counter.leave(subject)
    assert len(counter) == 0
    counter.leave("never entered")
    assert len(counter) == 0
