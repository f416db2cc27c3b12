"""The solver's door: three answers, and time that ends."""

from __future__ import annotations

import z3

from yett.review.ask import Asker

N = z3.Int("n")


def test_three_answers():
    """Possible with a model, impossible, and not known."""
    asker = Asker([N > 3])
    found = asker.ask(N < 5)
    assert (found.verdict, found.model[N].as_long()) == ("yes", 4)
    assert asker.ask(N < 2).verdict == "no"
    cubes = z3.And(*(z3.Int(v) > 1000 for v in "abc"))
    a, b, c = z3.Ints("a b c")
    hard = Asker([cubes], timeout_ms=5).ask(a * a * a + b * b * b == c * c * c)
    assert hard.verdict == "unknown"
    assert hard.reason


def test_a_question_leaves_nothing_behind():
    """What was asked before does not narrow what is asked after."""
    asker = Asker([])
    assert asker.ask(N == 1).verdict == "yes"
    assert asker.ask(N == 2).verdict == "yes"
    assert asker.ask(z3.BoolVal(False)).verdict == "no"


def test_time_is_bounded_in_all():
    """Many slow questions of one action end together."""
    a, b, c = z3.Ints("a b c")
    asker = Asker([a > 1000, b > 1000, c > 1000], timeout_ms=5)
    answers = [asker.ask(a * a * a + b * b * b == c * c * c + n) for n in range(40)]
    assert "used up" in answers[-1].reason


def test_wishes_are_kept_where_they_can_be():
    """A wish that contradicts an earlier one is dropped."""
    asker = Asker([N > 3])
    kept = asker.prefer([N < 9], [N == 5, N == 6, N > 1])
    assert [str(each) for each in kept] == ["n < 9", "n == 5", "n > 1"]
