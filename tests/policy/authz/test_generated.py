"""Policies made from the contract are valid Cedar, whatever the contract calls things."""

from __future__ import annotations

import cedarpy
import pytest
from kit.shop import compile_shop, document

from yett.contract.model import Machine, Move
from yett.policy.authz.generated import (
    default_policy,
    generated_text,
    seen_policy,
    state_policies,
)
from yett.policy.cedar.rules import ID

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


@pytest.mark.parametrize("name", ["GET /health", "my op", "é", 'a"b', "a" * 200, "a\nb", "seen"])
def test_any_operation_has_rules_with_ids(name):
    """An operation without an `operationId` is called by its method and path."""
    ids = [parsed(make(name))[0].annotations["id"] for make in (default_policy, seen_policy)]
    for id_, kind in zip(ids, ("default:", "seen:"), strict=True):
        assert id_.startswith(kind)
        assert ID.fullmatch(id_)


def test_ids_that_are_made_plain_stay_different():
    """What cannot stand in an id is replaced, and a digest tells one from another."""
    names = ["a b", "a_b", "a\tb", "a" * 200, "a" * 201]
    assert len({parsed(default_policy(n))[0].annotations["id"] for n in names}) == len(names)


def test_a_contract_without_operation_ids_loads(tmp_path):
    """What no policy speaks of is decided by its scopes, whatever it is called."""
    contents = document()
    del contents["paths"]["/health"]["get"]["operationId"]
    authz = compile_shop(tmp_path, contents).authz
    (rule,) = authz.slices["GET /health"].rules
    assert rule.id.startswith("default:GET_/health-")
