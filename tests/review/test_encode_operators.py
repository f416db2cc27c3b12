"""Operators: arithmetic that overflows, rounding, sets, addresses, moments."""

from __future__ import annotations

import pytest
from cedarpy import pst
from kit.formulas import answer

from yett.policy.cedar.types import Plain
from yett.review.encode_operators import binary, unary
from yett.review.encode_terms import FALSE, Term, Unsupported, text

ALWAYS = [
    "resource.n <= 9223372036854775807",
    'duration("-1500ms").toSeconds() == -1',
    'duration("1d").toHours() == 24',
    'datetime("1969-12-31T23:00:00Z").toDate() == datetime("1969-12-31")',
    'datetime("1969-12-31T23:00:00Z").toTime() == duration("23h")',
    'ip("10.1.2.3").isInRange(ip("10.0.0.0/8"))',
    'ip("::1").isLoopback() && !ip("10.0.0.1").isLoopback()',
    'ip("ff02::1").isMulticast() && ip("224.1.1.1").isMulticast()',
    'decimal("1.5").lessThan(decimal("1.51"))',
    "if resource.nums.containsAny([1, 2]) then !resource.nums.isEmpty() else true",
    (
        "!principal.tags.containsAll(context.amr) || !context.amr.contains(resource.t)"
        " || principal.tags.contains(resource.t)"
    ),
    "if context.ip.isLoopback() then !context.ip.isMulticast() else true",
    '[ip("10.0.0.1")].contains(ip("10.0.0.1"))',
    "[1, 2] == [2, 1, 1]",
]
NEVER = [
    "1 > 2",
    'ip("10.0.0.0/7").isInRange(ip("10.0.0.0/8"))',
    'context.ip.isInRange(ip("10.0.0.0/8")) && context.ip.isIpv6()',
    "resource.nums.isEmpty() && resource.nums.contains(1)",
    "resource.n + 1 < resource.n",
]


@pytest.mark.parametrize("expr", ALWAYS)
def test_laws(expr):
    """What is so in Cedar is proved."""
    assert answer(expr) == "always"


@pytest.mark.parametrize("expr", NEVER)
def test_impossible(expr):
    """What cannot be in Cedar is disproved."""
    assert answer(expr) == "never"


def test_overflow_errs():
    """A sum outside 64 bits is an error, so that the rule does not hold there."""
    assert answer("resource.n + 1 > resource.n") == "sometimes"
    assert answer("resource.n + 0 == resource.n") == "always"


def test_what_is_not_known_is_refused():
    """An operator of a newer Cedar, and a constructor of what is no literal, are not guessed."""
    one = Term(Plain("String"), text("a"), FALSE)
    with pytest.raises(Unsupported, match="newer"):
        binary("newer", one, one)
    with pytest.raises(Unsupported, match="newer"):
        unary("newer", one, pst.StringLit("a"))
    with pytest.raises(Unsupported, match="not a literal"):
        unary("ip", one, pst.Var("context"))
