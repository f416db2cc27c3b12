"""Policies made from the contract are valid Cedar, whatever the contract calls things."""

from __future__ import annotations

import cedarpy

from yett.contract.model import Machine, Move
from yett.policy.authz.generated import (
    default_policy,
    generated_text,
    seen_policy,
    state_policies,
)

MACHINE = Machine(
    type="Booking",
    field="status",
    initial=("draft",),
    terminal=("done",),
    operations={
        "confirm": Move(start=("draft", 'od"d'), to="confirmed"),
        "note": Move(start=()),
        "elsewhere": Move(start=("draft",)),
    },
)


def parsed(text):
    return list(cedarpy.PolicySet.from_str(text).to_pst().static_policies.values())


def test_a_move_is_forbidden_outside_its_states():
    """Only moves with a start are, and only those of operations that exist."""
    texts = state_policies((MACHINE,), {"confirm": "confirm", "note": "note"})
    (rule,) = parsed("".join(texts))
    assert (rule.effect, dict(rule.annotations)) == ("forbid", {"id": "state:confirm"})
    assert '["draft", "od\\"d"].contains(resource.status)' in texts[0]


def test_hostile_operation_ids_stay_strings():
    """An operationId with quotes cannot end the policy it is in (CWE-94)."""
    hostile = 'x", action, resource); permit(principal'
    for text in (default_policy(hostile), seen_policy(hostile)):
        (rule,) = parsed(text)
        assert rule.action.entity.id == hostile


def test_nothing_generated_is_no_text():
    """An empty text would be a file that nobody wrote."""
    assert generated_text([]) == ()
    (one,) = generated_text([default_policy("a"), default_policy("b")])
    assert len(parsed(one.text)) == 2
