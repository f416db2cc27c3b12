"""Two conditions that are never NULL carry Cedar's three outcomes through every operator."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa
from sqlalchemy import Boolean, case, literal, null, select

from yett.policy.sql.verdict import (
    ERROR,
    FALSE,
    TRUE,
    Verdict,
    both,
    checked,
    choose,
    either,
    errs,
    every,
    expression,
    negate,
    none,
    size,
    some,
    sure,
)

OUTCOMES = ("T", "F", "E")
ENGINE = sa.create_engine("sqlite://")


def bare(outcome):
    """A verdict of constants."""
    return {"T": TRUE, "F": FALSE, "E": ERROR}[outcome]


def column(outcome):
    """The same of SQL, errors as what is NULL and missing."""
    held = null() if outcome == "E" else literal(outcome == "T", Boolean())
    return checked(sa.type_coerce(held, Boolean()), literal(outcome == "E", Boolean()))


def certain(outcome):
    """The same of SQL that never errs."""
    return bare("E") if outcome == "E" else sure(literal(outcome == "T", Boolean()))


def read(verdict):
    """What a verdict comes to in a database; NULL is an error of the test."""
    with ENGINE.connect() as connection:
        chosen = [
            case((sa.not_(expression(part)), 0), (expression(part), 1), else_=-1)
            for part in verdict
        ]
        true, maybe = connection.execute(select(*chosen)).one()
    assert {true, maybe} <= {0, 1}
    assert maybe >= true
    return "T" if true else "E" if maybe else "F"


def cedar_and(a, b):
    return b if a == "T" else a


def cedar_or(a, b):
    return b if a == "F" else a


@pytest.mark.parametrize("make", [bare, column, certain])
@pytest.mark.parametrize("other", [bare, column, certain])
def test_each_operator_is_cedars(make, other):
    """`&&`, `||`, `!` and `if` of true, false and error: all combinations, as Cedar has them."""
    for a, b in itertools.product(OUTCOMES, repeat=2):
        assert read(both(make(a), other(b))) == cedar_and(a, b), (a, b)
        assert read(either(make(a), other(b))) == cedar_or(a, b), (a, b)
        assert read(negate(make(a))) == {"T": "F", "F": "T", "E": "E"}[a]
        for c in OUTCOMES:
            chosen = {"T": b, "F": c, "E": "E"}[a]
            assert read(choose(make(a), other(b), make(c))) == chosen, (a, b, c)
            nested = both(negate(either(make(a), other(b))), make(c))
            negated = {"T": "F", "F": "T", "E": "E"}[cedar_or(a, b)]
            assert read(nested) == cedar_and(negated, c), (a, b, c)


def test_constants_are_folded():
    """What is the same for all rows makes no SQL."""
    one = literal(True, Boolean())
    assert every(True, one) is one or size(every(True, one)) == 1
    assert every(False, one) is False
    assert every() is True
    assert some(True, one) is True
    assert some() is False
    assert none(True) is False
    assert errs(TRUE) is False
    assert errs(ERROR) is True
    assert both(TRUE, FALSE) == FALSE
    assert str(expression(True)) == "true"
    assert str(expression(False)) == "false"


def test_what_never_errs_stays_so():
    """Two tests that cannot err make one that cannot: nothing is written twice."""
    a, b = sure(literal(1, Boolean())), sure(literal(0, Boolean()))
    for made in (both(a, b), either(a, b), negate(a), choose(a, b, a)):
        assert made.true is made.maybe
    kept = checked(a.true, missing=False)
    assert kept.true is kept.maybe


def test_size_counts_what_is_written():
    """Shared parts count as often as they are written, and are counted in linear time."""
    one = sure(literal(1, Boolean()))
    assert size(True) == 0
    assert size(both(one, negate(one)).true) == 2
    verdict = Verdict(column("T").true, column("T").maybe)
    for _ in range(60):
        verdict = both(either(verdict, verdict), verdict)
    assert size(verdict.maybe) > 10**9
