"""What rules read is never said to be less than what they read."""

from __future__ import annotations

import pytest
from kit.cedar import expression, right, tree, when

from yett.contract.places import Source
from yett.policy.cedar.footprint import children, footprint, names_action, needs_record
from yett.policy.cedar.model import Footprint, Rule

NONE = frozenset()


def of(condition, **scope):
    """The footprint of one permit."""
    text = when(condition, **scope)
    return footprint((Rule(id="r", effect="permit", tree=tree(text), text=text, source=Source()),))


def parts(found):
    return found.principal, found.resource, found.context, found.resource_uid, found.whole


@pytest.mark.parametrize(
    ("condition", "principal", "resource", "context", "uid", "whole"),
    [
        ("true", (), (), (), False, ()),
        ("resource.a == principal.b", ("b",), ("a",), (), False, ()),
        ("resource has a && context has b.c", (), ("a",), ("b",), False, ()),
        ("resource.owner.name == context.x.y.z", (), ("owner",), ("x",), False, ()),
        ("resource == principal", (), (), (), True, ()),
        ("[resource, principal].contains(principal)", (), (), (), True, ()),
        ("principal in resource", (), (), (), True, ()),
        ("resource is Booking", (), (), (), False, ()),
        ('resource is Booking in A::"x"', (), (), (), True, ()),
        ("principal is User in resource.group", (), ("group",), (), False, ()),
        ("(if true then resource else principal).a == 1", (), (), (), True,
         ("principal", "resource")),
        ('{"a": resource}.a.b == 1', (), (), (), True, ("resource",)),
        ('{"a": context} == {"a": context}', (), (), (), False, ("context",)),
        ("context == context", (), (), (), False, ("context",)),
        ('resource.hasTag("a")', (), (), (), True, ("resource",)),
        ("resource.a.contains(resource)", (), ("a",), (), True, ()),
        ("[[resource]].contains(principal)", (), (), (), True, ()),
        ('action in Action::"a" && action.x', (), (), (), False, ()),
        ('!(-resource.a > 1) || principal.b like "a*"', ("b",), ("a",), (), False, ()),
        ('[context.a, {"k": resource.b}] == []', (), ("b",), ("a",), False, ()),
    ],
)  # fmt: skip
def test_what_a_condition_reads(condition, principal, resource, context, uid, whole):
    """Attributes by variable, the resource's name, and variables that go whole."""
    assert parts(of(condition)) == (
        frozenset(principal), frozenset(resource), frozenset(context), uid, frozenset(whole),
    )  # fmt: skip


def test_scopes_are_read_too():
    """`resource ==` and `resource in` look at the resource's name, `is` at its type only."""
    assert of("true", scope='principal, action, resource == T::"x"').resource_uid
    assert of("true", scope='principal, action, resource in T::"x"').resource_uid
    assert of("true", scope='principal, action, resource is T in T::"x"').resource_uid
    assert not of("true", scope="principal, action, resource is T").resource_uid


def test_permits_are_told_from_forbids():
    """A slice of forbids alone can never permit."""
    assert footprint(()) == Footprint()
    assert of("true").permits
    assert not footprint(right(when("true", effect="forbid"))).permits


def test_a_rule_without_a_tree_reads_everything():
    """What nobody can look into is read whole."""
    rule = Rule(id="r", effect="permit", tree=None, text="", source=Source())
    found = footprint((rule,))
    assert found.whole == {"principal", "resource", "context"}
    assert found.resource_uid


@pytest.mark.parametrize(
    ("condition", "needed"),
    [
        ("principal.a == resource", False),
        ("resource is T", False),
        ("context.a || principal has b", False),
        ("resource.a == 1", True),
        ("resource has a", True),
        ('resource in T::"x"', True),
        ('resource is T in T::"x"', True),
        ('resource.hasTag("x")', True),
        ("[1, principal.a + resource.b].contains(1)", True),
        ('{"k": [resource.a]} == context.x', True),
        ("(if context.a then principal else principal) == resource.b", True),
    ],
)
def test_conditions_that_need_the_record(condition, needed):
    """Its attributes, groups and tags need it; its name and type are known before."""
    assert needs_record(expression(condition)) is needed


def test_rules_that_look_at_the_action():
    """In any condition; the scope is decided at load and is none."""
    assert names_action(tree(when('context.a || (true && action in Action::"x")')))
    assert not names_action(tree('permit(principal, action in Action::"x", resource);'))
    assert not names_action(tree(when("context.action == principal.action")))


def test_children_are_the_expressions_inside():
    """Of sets, records, operators and nothing else."""
    assert len(list(children(expression('[1, 2, {"a": 3}]')))) == 3
    assert len(list(children(expression('{"a": 3, "b": 4}')))) == 2
    assert list(children(expression("1"))) == []
