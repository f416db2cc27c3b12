"""From what rules answered to a decision: strict where Cedar itself fails open."""

from __future__ import annotations

from itertools import product

import pytest

from yett.contract.places import Source
from yett.policy.cedar.model import Decided, Rule
from yett.policy.cedar.settle import MAX_KEPT_DECISIONS, Foreseen, Settled, agree


def rule(id_, effect):
    return Rule(id=id_, effect=effect, tree=None, text="", source=Source())


RULES = (rule("p", "permit"), rule("f", "forbid"), rule("q", "permit"))
P, F, Q = 1, 2, 4
ERR, UNKNOWN = 8, 64


@pytest.mark.parametrize(
    ("outcome", "decided"),
    [
        (0, Decided(False)),
        (P, Decided(True, ("p",), (), True)),
        (P | Q, Decided(True, ("p", "q"), (), True)),
        (P | F, Decided(False, ("f",), (), True)),
        (F, Decided(False, ("f",))),
        (P * ERR, Decided(False, (), ("p",))),
        (P * ERR | Q, Decided(True, ("q",), ("p",), True)),
        (F * ERR | P, Decided(False, ("f",), ("f",), True)),
        (F * ERR, Decided(False, ("f",), ("f",))),
    ],
)
def test_decisions(outcome, decided):
    """A permit is needed, a forbid overrules, and a forbid that errs does too."""
    assert Settled(RULES)[outcome] == decided


def test_cedars_own_reading_skips_what_erred():
    """Without `strict` an erring forbid is no forbid: that is what yett does not do."""
    assert Settled(RULES, strict=False)[F * ERR | P] == Decided(True, ("p",), ("f",), True)


def test_decisions_are_made_once_and_not_without_end():
    """The same outcome is the same value; nobody fills memory with outcomes."""
    settled = Settled(tuple(rule(f"p{i}", "permit") for i in range(14)))
    assert settled[5] is settled[5]
    for outcome in range(2 * MAX_KEPT_DECISIONS):
        assert settled[outcome].allow == bool(outcome)
    assert len(settled) == MAX_KEPT_DECISIONS


STATES = ("no", "held", "erred", "unknown")


@pytest.mark.parametrize("states", list(product(STATES, repeat=3)))
def test_what_is_foreseen_comes_true(states):
    """A foreseen decision holds for each way in which the unknown rules may come out."""
    outcome = sum(
        {"no": 0, "held": 1, "erred": ERR, "unknown": UNKNOWN}[state] << at
        for at, state in enumerate(states)
    )
    ways = product(*(STATES[:3] if state == "unknown" else (state,) for state in states))
    later = {
        Settled(RULES)[
            sum({"no": 0, "held": 1, "erred": ERR}[state] << at for at, state in enumerate(way))
        ].allow
        for way in ways
    }
    foreseen = Foreseen(RULES)[outcome]
    if foreseen is not None:
        assert later == {foreseen.allow}
    else:
        assert len(later) == 2 or "unknown" in states


def test_nothing_unknown_is_always_foreseen():
    """Where every rule has answered there is a decision."""
    assert all(Foreseen(RULES)[outcome] is not None for outcome in range(UNKNOWN))


def test_engines_agree_on_sets_of_rules():
    """The order of ids and `permitted` are no part of the comparison; a different id is."""
    one = Decided(False, ("a", "b"), ("c",), True)
    assert agree(one, Decided(False, ("b", "a"), ("c",)))
    assert not agree(one, Decided(False, ("a",), ("c",)))
    assert not agree(one, Decided(False, ("a", "b")))
    assert not agree(one, Decided(True, ("a", "b"), ("c",)))
