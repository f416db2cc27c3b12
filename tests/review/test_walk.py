"""What ties the caller to the record."""

from __future__ import annotations

from kit.formulas import permit, rules
from msgspec.structs import replace

from yett.policy.cedar.rule_text import write
from yett.review.walk import nodes, ties


def test_ties_in_either_direction_are_one():
    """`a == b` and `b == a` are one tie; comparisons with constants are none."""
    found = rules(
        permit(
            "resource.owner == principal && principal == resource.owner && resource.n == 3 && "
            'principal.tags.contains(resource.t) && context.amr.contains("mfa")'
        )
    )
    assert sorted(map(write, ties(found))) == [
        'context.amr.contains("mfa")',
        "principal.tags.contains(resource.t)",
        "resource.owner == principal",
    ]


def test_a_rule_without_a_tree_has_no_nodes():
    """What the PST cannot express is not walked."""
    (rule,) = rules(permit("true"))
    assert list(nodes(replace(rule, tree=None))) == []
