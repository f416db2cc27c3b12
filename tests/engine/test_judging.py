"""Decisions: one way to an answer, noted and sampled; nobody is denied whatever the rules say."""

from __future__ import annotations

import pytest
from kit.deciding import Scene, person

from yett.engine.entities import inputs
from yett.engine.judging import MAX_POLICIES, foresee, judge, note, weigh
from yett.policy.cedar.model import Decided, Entity, Uid

BOOKING = Uid("Booking", "3")


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def reached(scene, who=None):
    """An exchange that went through its steps, without what they noted."""
    scene.people["someone"] = who or person()
    scene.decide("GET", "/health", who="someone")
    scene.view.sampled.clear()
    return scene.x, scene.policy.authz.slices["getBooking"]


def of(x, customer="7"):
    entity = Entity(BOOKING, {"customer": Uid("User", customer)})
    return inputs(x, BOOKING, entity, None)


def test_a_permission_is_noted_and_sampled(scene):
    """The rules that permitted are on record."""
    x, rules = reached(scene)
    assert judge(x, rules, of(x)).allow
    assert (x.policies, x.why) == (("own",), ())
    assert scene.view.sampled == [("getBooking", Decided(True, ("own",), (), True))]


def test_a_denial_is_explained(scene):
    """By the clause that was false."""
    x, rules = reached(scene)
    assert not judge(x, rules, of(x, "8")).allow
    assert x.policies == ()
    assert any("`resource.customer == principal` is false" in why for why in x.why)


def test_a_denial_of_many_is_not_explained(scene):
    """Explaining costs more than deciding."""
    x, rules = reached(scene)
    assert not judge(x, rules, of(x, "8"), explained=False).allow
    assert x.why == ()


def test_what_is_only_offered_leaves_no_note(scene):
    """Looking at what else would be possible is no decision of this request."""
    x, rules = reached(scene)
    assert not weigh(x, rules, of(x, "8")).allow
    assert foresee(x, rules, of(x)) is None
    assert (x.policies, x.why) == ((), ())


def test_who_cannot_be_judged_is_denied(tmp_path):
    """Even by a rule that permits everybody, and also in advance."""
    scene = Scene(tmp_path, policies='@id("all") permit(principal, action, resource);')
    x, rules = reached(scene)
    assert judge(x, rules, of(x)).allow
    x, rules = reached(scene, person(kind="robot"))
    assert not judge(x, rules, of(x)).allow
    assert "robot" in x.why[0]
    assert foresee(x, rules, of(x)).allow is False
    assert not weigh(x, rules, of(x)).allow


def test_rules_of_several_decisions_add_up_and_are_bounded(scene):
    """A denial's stand alone: they are why the request ended."""
    x, rules = reached(scene)
    for number in range(100):
        ids = (f"r{number}", "same")
        note(x, rules, of(x), Decided(True, ids, (), True))
    assert len(x.policies) == len(set(x.policies)) == MAX_POLICIES
    note(x, rules, of(x), Decided(False, ("no",), (), True))
    assert x.policies == ("no",)
