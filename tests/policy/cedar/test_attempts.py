"""Each condition of a rule is reached both ways, within bounds."""

from __future__ import annotations

import pytest
from kit.cedar import SCHEMA, expression, tree

from yett.policy.cedar.attempts import (
    GROUPS,
    MAX_TRIES_PER_CONDITION,
    Environment,
    Maker,
    reach,
    read_spots,
)
from yett.policy.cedar.compile import compile_test
from yett.policy.cedar.model import Uid
from yett.policy.cedar.scope import conditions

GET = Uid("Action", "getBooking")
ENVIRONMENT = Environment(SCHEMA.actions["getBooking"], "User", "Booking")


def reached(text):
    nodes = conditions(tree(text))
    tests = [compile_test(node, GET, {GET: frozenset()}) for node in nodes]
    return {outcome for outcome, _ in reach(Maker(SCHEMA, ENVIRONMENT, nodes), nodes, tests)}


@pytest.mark.parametrize(
    "condition",
    [
        "resource.customer == principal",
        "resource.customer != principal",
        'resource.status == "open"',
        '["a", "b"].contains(resource.status)',
        "principal.depots.contains(resource.depot)",
        "!principal.depots.contains(resource.depot)",
        'resource.amount > 100 && resource.depot like "x*y"',
        "principal has tenant",
        'principal has tenant && principal.tenant == "t"',
        "resource has at && context.now < resource.at",
        'resource has at && resource.at.durationSince(context.now) > duration("1h")',
        'context.source.isInRange(ip("10.0.0.0/8"))',
        'resource has rate && resource.rate.lessThan(decimal("1.5"))',
        'principal in Role::"staff" && !(principal in Role::"admin")',
        "resource.paid && context.secure",
        "resource.place.city == principal.id",
        "resource.place has zone && resource.place.zone == 7",
        'principal == User::"root"',
        'if resource.paid then resource.amount < 10 else context.acr == "mfa"',
        "(resource.amount + 5) * 2 > 30",
        'resource has tags && resource.tags.containsAll(["x", "y"])',
        "context has seen && context.seen",
        'resource.customer.id == "x"',
    ],
)  # fmt: skip
def test_conditions_are_reached_both_ways(condition):
    """Each is true once and false once, with all before it true."""
    text = f"permit(principal, action, resource) when {{ {condition} }};"
    count = len(conditions(tree(text)))
    assert reached(text) == set(range(2 * count))


def test_conditions_after_one_another():
    """The third one is reached with the first two true."""
    text = (
        'permit(principal in Role::"staff", action, resource)'
        ' when { resource.status != "a" && resource.status != "b" && resource.status == "c" };'
    )
    assert reached(text) == set(range(8))


def test_what_cannot_be_reached_stops_nothing():
    """A condition that is never true leaves the ones after it reachable."""
    text = "permit(principal, action, resource) when { 1 == 2 && resource.paid };"
    assert reached(text) == {0, 2, 3}


def test_tries_are_bounded():
    """A condition over many attributes is not tried in all combinations."""
    names = ("status", "depot", "amount", "paid", "customer", "place", "tags", "rate")
    node = expression(" && ".join(f"resource.{name} == 1" for name in names))
    maker = Maker(SCHEMA, ENVIRONMENT, [node])
    assert sum(1 for _ in maker.attempts(node, {})) <= MAX_TRIES_PER_CONDITION


def test_spots_are_what_a_condition_reads():
    """Attributes by variable, also behind another entity, ids and groups of variables."""
    assert read_spots(expression("resource.a == context.b.c")) == [
        ("resource", "a"), ("principal", "c"), ("resource", "c"), ("context", "b"),
    ]  # fmt: skip
    assert set(read_spots(expression('principal in Role::"x"'))) == {
        ("principal", ""), ("principal", GROUPS),
    }  # fmt: skip


def test_one_entity_in_both_places():
    """Where principal and resource are the same, it is one entity with the attributes of both."""
    environment = Environment(SCHEMA.actions["getBooking"], "User", "User")
    maker = Maker(SCHEMA, environment, [expression("principal == resource")])
    uid = Uid("User", "somebody")
    inputs = maker.make({("resource", ""): uid, ("resource", "tenant"): "t"})
    assert inputs.principal == inputs.resource == uid
    assert list(inputs.entities) == [uid]
