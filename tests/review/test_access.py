"""Who gains and who loses: random pairs against Cedar itself, and the shape of an answer."""

from __future__ import annotations

import pytest
from kit.formulas import TEXT, Random, permit, rules, side

from yett.policy.cedar.oracle import NO_DECISION, ask_rules
from yett.review.access import compare
from yett.review.changes import CONFIRMED

PAIRS, REQUESTS, TIMEOUT_MS = 8, 40, 200


@pytest.mark.parametrize("seed", range(4))
def test_random_pairs_agree_with_cedar(seed):
    """Every gain or loss is confirmed by Cedar; where none is found, no random request finds one."""
    random = Random(seed)
    for _ in range(PAIRS):
        old, new = random.pair()
        found = compare(side(old), side(new), timeout_ms=TIMEOUT_MS)
        assert {c.certainty for c in found.changes} <= {CONFIRMED, "not proved"}, (old, new)
        changed = {c.gains for c in found.changes}
        before, after = rules(old), rules(new)
        for _ in range(REQUESTS):
            inputs = random.inputs(random.pick("Doc", "User"))
            was, now = (ask_rules(r, "get", frozenset(), inputs, TEXT) for r in (before, after))
            assert NO_DECISION not in (*was.errors, *now.errors)
            if was.allow is not now.allow:
                assert now.allow in changed, (old, new, inputs)


def test_nothing_changed_asks_nothing():
    """Rules that are word for word the same need no solver."""
    found = compare(side(permit("context.mfa")), side(permit("context.mfa")))
    assert (found.changes, found.questions) == ((), 0)


def test_a_gain_says_who_why_and_shows_a_request():
    """The rule that permits now, the one that forbade, and a request that both sides answered."""
    plain = permit("true")
    forbid = '@id("f") forbid(principal, action, resource) unless { context.mfa };'
    (gain,) = compare(side(plain + forbid), side(plain)).changes
    assert (gain.action, gain.gains, gain.certainty, gain.kind) == ("get", True, CONFIRMED, "User")
    assert [rule.id for rule in gain.permits] == ["p"]
    assert [rule.id for rule in gain.forbids] == ["f"]
    assert gain.case.context["mfa"] is False
    assert gain.reads["context"] == {"mfa"}


def test_the_other_way_is_a_loss():
    """A further condition takes something away and gives nothing."""
    (loss,) = compare(side(permit("true")), side(permit("resource.n > 3"))).changes
    assert (loss.gains, loss.certainty) == (False, CONFIRMED)


def test_who_is_told_by_what_the_rules_ask():
    """A dropped condition names the callers that had not met it."""
    old = permit('resource.owner == principal && context.amr.contains("mfa")')
    (gain,) = compare(side(old), side(permit("resource.owner == principal"))).changes
    assert gain.who == ("User, own, without mfa",)


def test_a_question_that_takes_too_long_is_not_proved():
    """Time that runs out is no proof: cubes that sum to a number are hard to find."""
    zip_ = "principal.addr.zip"
    cubes = f"resource.n * resource.n * resource.n + {zip_} * {zip_} * {zip_} + context.age * "
    hard = f"principal.addr has zip && context has age && {cubes}context.age * context.age == 114"
    found = compare(side(permit("false")), side(permit(hard)), timeout_ms=20)
    (change,) = found.changes
    assert (change.certainty, change.case) == ("not proved", None)
    assert change.note
