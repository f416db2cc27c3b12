"""Whether a rule's scope speaks of an action, by name, by group, or of all."""

from __future__ import annotations

import pytest
from kit.shop import compile_shop

from yett.policy.authz.spoken import speaks_of


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("action", {"getBooking", "getHealth", "getBooking:pii"}),
        ('action == Action::"getBooking"', {"getBooking"}),
        ('action in Action::"read"', {"getBooking", "getHealth"}),
        ('action in [Action::"read:pii", Action::"getHealth"]', {"getBooking:pii", "getHealth"}),
        ('action in [Action::"getBooking"]', {"getBooking"}),
    ],
)
def test_scopes_and_groups(tmp_path, scope, expected):
    """An action is spoken of by its own name or that of a group it is in."""
    authz = compile_shop(tmp_path, policies=f'@id("a") permit(principal, {scope}, resource);').authz
    rule = next(r for s in authz.slices.values() for r in s.rules if r.id == "a")
    asked = {"getBooking", "getHealth", "getBooking:pii"}
    assert {action for action in asked if speaks_of(rule, action, authz.schema)} == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("resource", {"getBooking", "getHealth"}),
        ("resource is Booking", {"getBooking"}),
        ("resource is Api", {"getHealth"}),
        ('resource == Booking::"7"', {"getBooking"}),
    ],
)
def test_the_type_of_the_resource_counts(tmp_path, resource, expected):
    """A rule on bookings does not take the default from an operation about no record."""
    text = f'@id("a") permit(principal, action, {resource});'
    authz = compile_shop(tmp_path, policies=text).authz
    rule = next(r for s in authz.slices.values() for r in s.rules if r.id == "a")
    asked = {"getBooking", "getHealth"}
    assert {action for action in asked if speaks_of(rule, action, authz.schema)} == expected
    for action in asked - expected:
        assert [r.id for r in authz.slices[action].rules] == [f"default:{action}"]
