"""Cedar's three outcomes in SQL's two: a verdict is "true of this row" and "true, or errs, here".

A permit counts where it is true; a forbid counts also where it errs. Neither part is ever NULL, so
SQL's own third value cannot switch a `forbid` off: `NOT NULL` is NULL, and `score > 5 OR pub` with
a NULL score is true in SQL and an error in Cedar. Cedar reference, "Semantics".
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, false, not_, or_, true
from sqlalchemy.sql.elements import BooleanClauseList, Grouping, UnaryExpression

Condition = bool | ColumnElement[bool]  # a boolean where it is the same for all rows


class Verdict(NamedTuple):
    """What an expression comes to.

    Args:
        true: it is true.
        maybe: it is true or errs; where it never errs, the same object as `true`.
    """

    true: Condition
    maybe: Condition


def sure(condition: Condition) -> Verdict:
    """Return the verdict of what never errs."""
    return Verdict(condition, condition)


TRUE, FALSE, ERROR = sure(True), sure(False), Verdict(true=False, maybe=True)


def every(*conditions: Condition) -> Condition:
    """`AND`, folded."""
    parts = [one for one in conditions if not isinstance(one, bool)]
    if any(one is False for one in conditions):
        return False
    return and_(*parts) if parts else True


def some(*conditions: Condition) -> Condition:
    """`OR`, folded."""
    parts = [one for one in conditions if not isinstance(one, bool)]
    if any(one is True for one in conditions):
        return True
    return or_(*parts) if parts else False


def none(condition: Condition) -> Condition:
    """`NOT`, folded; right because no condition is NULL."""
    return not condition if isinstance(condition, bool) else not_(condition)


def errs(one: Verdict) -> Condition:
    """Return where it errs."""
    return False if one.true is one.maybe else every(one.maybe, none(one.true))


def negate(one: Verdict) -> Verdict:
    """`!`: an error stays one."""
    if one.true is one.maybe:
        return sure(none(one.true))
    return Verdict(none(one.maybe), none(one.true))


def both(left: Verdict, right: Verdict) -> Verdict:
    """`&&`: behind a false nothing is looked at."""
    true_ = every(left.true, right.true)
    if left.true is left.maybe:
        same = right.true is right.maybe
        return sure(true_) if same else Verdict(true_, every(left.true, right.maybe))
    return Verdict(true_, every(left.maybe, some(none(left.true), right.maybe)))


def either(left: Verdict, right: Verdict) -> Verdict:
    """`||`: behind a true nothing is looked at."""
    maybe = some(left.maybe, right.maybe)
    if left.true is left.maybe:
        sure_too = right.true is right.maybe
        return sure(maybe) if sure_too else Verdict(some(left.true, right.true), maybe)
    return Verdict(some(left.true, every(none(left.maybe), right.true)), maybe)


def choose(test: Verdict, then: Verdict, other: Verdict) -> Verdict:
    """`if`: the other branch is not looked at."""
    fails = none(test.maybe)
    true_ = some(every(test.true, then.true), every(fails, other.true))
    if all(one.true is one.maybe for one in (test, then, other)):
        return sure(true_)
    maybe = some(every(test.true, then.maybe), errs(test), every(fails, other.maybe))
    return Verdict(true_, maybe)


def checked(holds: Condition, missing: Condition) -> Verdict:
    """Return the verdict of a test that errs where what it reads is `missing`.

    Args:
        holds: may be NULL where `missing` is true, and nowhere else.
        missing: never NULL.
    """
    if missing is False:
        return sure(holds)
    return Verdict(every(none(missing), holds), some(missing, holds))


def expression(condition: Condition) -> ColumnElement[bool]:
    """Return a condition as SQL."""
    if isinstance(condition, bool):
        return true() if condition else false()
    return condition


def size(condition: Condition) -> int:
    """Count the tests that a condition is written with; shared parts count as often as written."""
    known: dict[int, int] = {}

    def count(part: object) -> int:
        if id(part) not in known:
            inner = _parts(part)
            known[id(part)] = sum(map(count, inner)) if inner else 1
        return known[id(part)]

    return 0 if isinstance(condition, bool) else count(condition)


def _parts(part: object) -> tuple[object, ...]:
    if isinstance(part, BooleanClauseList):
        return tuple(part.clauses)
    return (part.element,) if isinstance(part, (UnaryExpression, Grouping)) else ()
