"""The moves of a machine, as one caller may make them."""

from __future__ import annotations

import pytest
from kit.deciding import Scene

from yett.engine.entities import record
from yett.engine.steps.moves import (
    MAX_ALLOWED_OPERATIONS,
    Move,
    allowed_operations,
    make_moves,
    permits,
    wrong_state,
)
from yett.problems import SCOPE_MISSING


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def moves_of(scene):
    guard = scene.policy.authz.guards["shop.confirmBooking"]
    return make_moves(guard, scene.policy, scene.program.browser)


def entity_of(scene, customer=7, status="draft"):
    shape = scene.policy.authz.guards["shop.confirmBooking"].read.shape
    return record(shape, "3", {"customer_id": customer, "status": status, "price": 1})


def test_moves_are_those_of_operations_that_are_served(scene):
    """Named as in the team's own document, with rules and scopes of each."""
    made = {move.name: move for move in moves_of(scene)}
    assert set(made) == {"confirmBooking", "deleteBooking"}
    assert made["confirmBooking"].start == ("draft",)
    assert made["confirmBooking"].to == "confirmed"
    assert made["confirmBooking"].slice.action == "confirmBooking"


@pytest.mark.parametrize(
    ("who", "state", "offered"),
    [
        ("ann", "draft", ["confirmBooking", "deleteBooking"]),
        ("ann", "confirmed", ["deleteBooking"]),
        ("ann", "cancelled", []),
        ("bob", "draft", []),
        ("staff", "draft", ["confirmBooking", "deleteBooking"]),
    ],
)
def test_only_what_the_caller_may_do_is_offered(scene, who, state, offered):
    """From this state, on this record; nothing is noted as a decision."""
    scene.decide("GET", "/health", who=who)
    entity = entity_of(scene, status=state)
    assert allowed_operations(scene.x, moves_of(scene), entity, state) == offered
    assert (scene.x.policies, scene.x.why) == ((), ())


def test_scopes_count(scene):
    """A move that step 7 would refuse is not offered."""
    scene.decide("GET", "/health")
    entity = entity_of(scene)
    for scopes, allowed in (
        (None, True),
        (lambda _x: None, True),
        (lambda _x: SCOPE_MISSING(), False),
    ):
        move = Move("o", "o", ("draft",), "", None, scopes)
        assert permits(scene.x, move, entity.uid, entity) is allowed
        blind = Move("o", "o", ("draft",), "", None, scopes, blind=True)
        assert not permits(scene.x, blind, entity.uid, entity)


def test_what_is_offered_is_bounded(scene):
    """An answer does not grow with the machine."""
    scene.decide("GET", "/health")
    many = tuple(Move(str(n), str(n), ("draft",), "", None, None) for n in range(100))
    found = allowed_operations(scene.x, many, entity_of(scene), "draft")
    assert len(found) == MAX_ALLOWED_OPERATIONS


def test_a_refusal_says_the_state_and_the_ways_out(scene):
    """RFC 9457 members of a 409."""
    scene.decide("GET", "/health")
    entity = entity_of(scene, status="confirmed")
    problem = wrong_state(scene.x, moves_of(scene), entity, "confirmed", "why")
    assert (problem.status, problem.note) == (409, "why")
    assert dict(problem.members) == {
        "current": "confirmed",
        "allowed_operations": ["deleteBooking"],
    }
