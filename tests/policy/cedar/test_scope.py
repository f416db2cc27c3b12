"""A rule's scope is decided at load where it speaks of the action, and is a condition elsewhere."""

from __future__ import annotations

import pytest
from cedarpy import pst
from kit.cedar import SCHEMA, tree

from yett.policy.cedar.model import Uid
from yett.policy.cedar.scope import applies, conditions, may_meet

GET, READ = Uid("Action", "getBooking"), Uid("Action", "read")


@pytest.mark.parametrize(
    ("action", "taken"),
    [
        ("action", True),
        ('action == Action::"getBooking"', True),
        ('action == Action::"read"', False),
        ('action in Action::"read"', True),
        ('action in [Action::"write", Action::"read"]', True),
        ('action in [Action::"write"]', False),
        ("action in []", False),
    ],
)
def test_actions(action, taken):
    """By name or by group, of exactly this type."""
    assert applies(tree(f"permit(principal, {action}, resource);"), GET, {READ}) is taken


@pytest.mark.parametrize(
    ("principal", "resource", "met"),
    [
        ("principal", "resource", True),
        ("principal is User", "resource is Booking", True),
        ("principal is Service", "resource", False),
        ("principal", "resource is Api", False),
        ('principal == User::"u"', "resource", True),
        ('principal == Key::"u"', "resource", False),
        ('principal in Role::"admin"', "resource", True),
        ('principal in User::"u"', "resource", True),
        ('principal in Api::"x"', "resource", False),
        ("principal", 'resource in Role::"admin"', False),
        ('principal is User in Role::"admin"', 'resource is Booking in Booking::"b"', True),
        ('principal is Role in Role::"admin"', "resource", False),
    ],
)
def test_types_of_an_action(principal, resource, met):
    """A rule for other types cannot be met by requests of this action."""
    found = tree(f"permit({principal}, action, {resource});")
    assert may_meet(found, SCHEMA.actions["getBooking"], SCHEMA) is met


def test_conditions_are_one_chain():
    """Scope first, then each `when` cut at its `&&`, then each `unless` as its negation."""
    found = conditions(
        tree(
            'permit(principal is User in Role::"admin", action, resource == Api::"x")'
            " when { context.a && context.b } unless { context.c && context.d };"
        )
    )
    assert [type(node).__name__ for node in found] == [
        "Is", "BinaryOp", "GetAttr", "GetAttr", "UnaryOp",
    ]  # fmt: skip
    assert found[-1].arg.op == "and"
    assert conditions(tree("permit(principal, action, resource);")) == []


def test_templates_cannot_be_cut():
    """A slot is a `ValueError`, whatever came before."""
    template = pst.Template(
        "t", "permit", pst.ScopeEq(pst.Slot("principal")), pst.ScopeAny(), pst.ScopeAny(), (), {}
    )
    with pytest.raises(ValueError, match="template"):
        conditions(template)
    with pytest.raises(ValueError, match="template"):
        may_meet(template, SCHEMA.actions["getBooking"], SCHEMA)
