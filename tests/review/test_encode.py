"""Expressions: what they come to is what Cedar says, for every node of the syntax tree."""

from __future__ import annotations

import pytest
from cedarpy import pst
from kit.formulas import answer, permit, question, rules

from yett.review.encode_terms import Unsupported

ALWAYS = [
    "true",
    "resource is Doc",
    "principal is User",
    "resource.n == resource.n || true",
    "if resource is Doc then true else resource.n > 1",
    "resource is Doc || resource.owner.age > 3",
    'action in Action::"all"',
    'action in [Action::"all", Action::"get"]',
    "principal in principal",
    "principal in [principal]",
    "principal has name",
    "principal has addr.city",
    "{a: 1, b: resource.n}.b == resource.n",
    "{a: 1} == {a: 1}",
    "principal.addr == principal.addr",
    "[resource.n].contains(resource.n)",
    'if principal.tags.containsAll(["a", "b"]) then principal.tags.contains("a") else true',
]
NEVER = [
    "false",
    "resource is User",
    'action == Action::"all"',
    "resource has nothing",
    "resource == principal",
    "{a: 1} == {a: 2}",
    "resource.n < resource.n",
]
SOMETIMES = [
    "principal == resource.owner",
    "resource.owner.name == principal.name",
    "principal in resource.readers",
    'principal in Group::"g" && !(principal in Org::"o")',
    "principal has boss.boss.age",
    "principal.addr has zip && principal.addr.zip > 4",
    'resource.t like "a*b"',
    "resource has flag && resource.flag",
    'resource is Doc in Group::"g"',
    "context has age",
]


@pytest.mark.parametrize("expr", ALWAYS)
def test_what_always_holds_is_proved(expr):
    """A tautology leaves no world without it."""
    assert answer(expr) == "always"


@pytest.mark.parametrize("expr", NEVER)
def test_what_never_holds_is_proved(expr):
    """A contradiction leaves no world with it."""
    assert answer(expr) == "never"


@pytest.mark.parametrize("expr", SOMETIMES)
def test_what_depends_is_left_open(expr):
    """What depends on the request is neither."""
    assert answer(expr) == "sometimes"


def test_an_unknown_entity_has_no_attributes():
    """A reference to an entity nobody knows errs; `has` of it is false."""
    assert answer("resource.owner.name == resource.owner.name") == "sometimes"
    assert answer("resource.owner has name") == "sometimes"


def test_membership_is_transitive():
    """Who is in a group is in whatever that group is in."""
    wanted = 'principal in Group::"g" && Group::"g" in Org::"o" && !(principal in Org::"o")'
    assert answer(wanted) == "never"
    assert answer('Group::"g" in Group::"h" && Group::"h" in Group::"g"') == "never"


def test_a_slot_is_not_encoded():
    """A template's slot is refused, not guessed."""
    asked = question(permit("true"), permit("true"))
    with pytest.raises(Unsupported):
        asked.new.encoder.term(pst.Slot("principal"))


def test_the_rules_of_the_kit_are_valid():
    """The schema of these tests takes the policies of these tests."""
    assert rules(permit("true"))[0].id == "p"
