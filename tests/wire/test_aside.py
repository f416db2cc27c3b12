"""What does not count against a pool, and who has to go."""

from __future__ import annotations

from yett.wire.aside import STALLED_FACTOR, Aside


def test_who_stalled_longest_is_named_when_there_are_too_many():
    """Four times the pool's connections may stall; the order is that of the last stall."""
    aside = Aside(2)
    assert [aside.stall(at) for at in range(2 * STALLED_FACTOR)] == [None] * 2 * STALLED_FACTOR
    aside.resume(0)
    assert aside.stall(0) is None
    assert aside.stall("one more") == 1
    aside.forget(1)
    assert len(aside) == 2 * STALLED_FACTOR


def test_what_has_no_end_is_never_let_go():
    """A tunnel whose client stalls stays a tunnel."""
    aside = Aside(1)
    aside.keep("tunnel")
    for _ in range(10):
        assert aside.stall("tunnel") is None
    aside.resume("tunnel")
    assert len(aside) == 1
    aside.forget("tunnel")
    assert len(aside) == 0
