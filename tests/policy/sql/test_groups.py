"""Sets and hierarchies: what a constant is in is known, what a row is in must be declared."""

from __future__ import annotations

import pytest
from kit.rows import caller, decide, shown, slice_of, where

from yett.policy.sql.errors import FilterError


@pytest.mark.parametrize(
    "condition",
    [
        "principal in resource.team",
        "resource.customer in principal",
        'resource.customer in Team::"t1"',
        "resource.customer in resource.team",
        'resource.customer in [resource.team, Team::"t2"]',
        'resource in [Booking::"b1", Booking::"b2"]',
        "resource.tags.contains(principal.nick)",
        'resource.tags.containsAll(["a"]) && !resource.tags.containsAll(["a", "nothing"])',
        "resource.tags.containsAny(principal.depots)",
        "principal.depots.containsAny(resource.tags)",
        "[resource.title, resource.status].containsAny(principal.depots)",
        '["open", resource.title].containsAll(["open", resource.status])',
        "resource.tags.containsAny([resource.title])",
        "![resource.title].isEmpty() && !resource.tags.isEmpty()",
    ],
)
def test_sets_and_groups_are_cedars(database, table, condition):
    """Each form shows the rows that the rules permit one by one, and not all of them or none."""
    guard = "principal has nick && " if "nick" in condition else ""
    policy = f"permit(principal, action, resource) when {{ {guard}{condition} }};"
    permitted = {row["id"] for row in table if decide(slice_of(policy), caller(), row)}
    assert shown(database, where(policy)) == permitted
    assert len(permitted) < len(table) or "[]" in condition


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ('resource.team in Team::"t1"', "`team in Team` of `Booking` has no column"),
        ("resource.team in resource.team", "`team in Team` of `Booking` has no column"),
        ('resource.customer in Role::"admin"', "`customer in Role` of `Booking` has no column"),
        ("resource.tags.containsAny(resource.tags)", "all of a set of the record"),
        ("principal.depots.containsAll(resource.tags)", "all of a set of the record"),
    ],
)
def test_what_no_table_was_named_for_is_refused(condition, says):
    """Membership of a row's entity is in no column: a guess would hide or show."""
    with pytest.raises(FilterError, match=says):
        where(f"permit(principal, action, resource) when {{ {condition} }};")
