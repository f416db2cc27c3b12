"""Rules together: permits, forbids that err, and rules the solver cannot be told."""

from __future__ import annotations

import pytest
from kit.formulas import permit, question, side
from msgspec.structs import replace

from yett.review.access import compare
from yett.review.ask import Asker
from yett.review.encode_policy import encode_rule
from yett.review.encode_terms import Unsupported

PERMIT = '@id("a") permit(principal, action, resource);'


def verdict(old, new):
    asked = question(old, new)
    asker = Asker(asked.facts())
    return asker.ask(asked.new.allowed).verdict, asker


def test_an_erring_forbid_denies():
    """A forbid that reads what may be absent denies where it is absent: strict, unlike Cedar."""
    forbid = '@id("f") forbid(principal, action, resource is Doc) when { resource.n + 1 > 100 };'
    asked = question(PERMIT, PERMIT + forbid)
    asker = Asker(asked.facts())
    most = asked.new.encoder.variables["resource"].value
    slot = asked.new.encoder.slot(
        "Doc", asked.new.encoder.schema.entities["Doc"].attributes[1], most
    )
    assert asker.ask(asked.new.allowed, slot.value == 2**63 - 1).verdict == "no"
    assert asker.ask(asked.new.allowed, slot.value == 5).verdict == "yes"


@pytest.mark.parametrize(
    ("scope", "answer"),
    [
        ('principal == User::"u", action, resource', "yes"),
        ('principal in Role::"staff", action, resource', "yes"),
        ('principal is User in Group::"g", action == Action::"get", resource is Doc', "yes"),
        ('principal, action in [Action::"all"], resource == Doc::"d"', "yes"),
        ('principal, action == Action::"get", resource is User', "no"),
    ],
)
def test_scopes(scope, answer):
    """Each form of a scope is met where it says, and nowhere else."""
    assert verdict(PERMIT, f'@id("b") permit({scope});')[0] == answer


def test_what_cannot_be_told_is_an_unknown_of_its_own():
    """An unsupported rule that did not change proves; one that changed is not proved."""
    odd = permit('resource.hosts.contains(ip("10.0.0.1"))')
    asked = question(
        odd, odd + '@id("z") forbid(principal, action, resource) when { context.mfa };'
    )
    assert asked.new.untold
    assert Asker(asked.facts()).ask(asked.new.allowed).verdict == "yes"
    found = compare(side(odd), side(odd + '@id("z") forbid(principal, action, resource);'))
    assert [c for c in found.changes if c.gains] == []
    changed = compare(side(odd), side(odd.replace("10.0.0.1", "10.0.0.2")))
    assert {c.certainty for c in changed.changes} == {"not proved"}
    assert "addresses" in changed.changes[0].note


def test_a_rule_without_tree_is_refused():
    """What the PST cannot express is not encoded."""
    asked = question(PERMIT, PERMIT)
    with pytest.raises(Unsupported):
        encode_rule(asked.new.encoder, replace(asked.new.rules[0].rule, tree=None))
