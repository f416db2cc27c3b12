"""A rule taken apart holds exactly when all its parts do."""

from __future__ import annotations

from cedarpy import PolicySet

from yett.policy.cedar.clauses import take_apart


def clauses(text):
    tree = PolicySet.from_str(text).to_pst()
    return take_apart(next(iter((*tree.static_policies.values(), *tree.templates.values()))))


def test_conjuncts_stand_in_cedars_order():
    """Scope first, then each condition, split at `&&`."""
    found = clauses(
        'permit(principal is User in Role::"r", action == Action::"a", resource == B::"b")'
        " when { true && context.a && (context.b && (context.c || context.d)) }"
        " when { context.e };"
    )
    assert [(one.text, one.scope) for one in found] == [
        ('principal is User in Role::"r"', True),
        ('resource == B::"b"', True),
        ("context.a", False),
        ("context.b", False),
        ("context.c || context.d", False),
        ("context.e", False),
    ]


def test_unless_is_split_at_or():
    """`unless { a || b }` holds when neither does; `unless { a && b }` is one clause."""
    found = clauses(
        "forbid(principal, action, resource) unless { context.a || context.b || false }"
        " unless { context.c && context.d };"
    )
    assert [one.text for one in found] == [
        "!context.a",
        "!context.b",
        "!(context.c && context.d)",
    ]


def test_a_rule_about_everybody_has_no_clause():
    """There is nothing that could be false."""
    assert clauses("permit(principal, action, resource);") == ()
    assert clauses("permit(principal, action, resource) when { true } unless { false };") == ()


def test_a_slot_stays_a_slot():
    """A template's scope names its slot."""
    found = clauses("permit(principal in ?principal, action, resource is B in ?resource);")
    assert [one.text for one in found] == ["principal in ?principal", "resource is B in ?resource"]
