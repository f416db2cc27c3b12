"""Step 11, streams: who may not see one class of what goes on unread gets nothing of it."""

from __future__ import annotations

import pytest
from kit.deciding import Scene
from kit.shop import ID, ONE, OWN, answer, document, operation

ALL = '@id("all") permit(principal, action in Action::"tag:bookings", resource);\n'
SEEN = '@id("pii") permit(principal is User, action in Action::"read:pii", resource);'


def scene_of(folder, policies=OWN, more="", **settings):
    made = document()
    settings = settings or {"stream": "response"}
    follow = operation("followBooking", resource=ONE, **settings)
    made["paths"]["/bookings/{id}/events"] = {"parameters": ID, "get": follow}
    labelled = {"type": "object", "properties": {"phone": {"x-yett-class": "pii"}}}
    feed = operation("feed", answer(labelled), stream="response")
    if policies is not OWN:
        made["paths"]["/feed"] = {"get": feed}
    return Scene(folder, made, policies=policies, more=more)


def code(decision):
    return decision.problem.code if decision.problem is not None else None


@pytest.mark.parametrize("settings", [{"stream": "response"}, {"stream": "both"}])
def test_the_record_tells_who_sees_the_class(tmp_path, settings):
    """It was read to decide on the operation, and says whose it is."""
    scene = scene_of(tmp_path, **settings)
    assert code(scene.decide("GET", "/bookings/3/events")) is None
    decision = scene.decide("GET", "/bookings/3/events", who="staff")
    assert code(decision) == "not-permitted"
    assert "class `pii`" in decision.problem.note


def test_without_a_record_the_caller_tells(tmp_path):
    """A class that is everybody's leaves, one that is nobody's keeps the stream."""
    everybody = scene_of(tmp_path / "a", ALL + SEEN)
    assert code(everybody.decide("GET", "/feed")) is None
    assert code(everybody.decide("GET", "/bookings/3/events")) is None
    nobody = scene_of(tmp_path / "b", ALL)
    assert code(nobody.decide("GET", "/feed")) == "not-permitted"
    assert code(nobody.decide("GET", "/bookings/3/events")) == "not-permitted"


def test_a_rule_on_names_is_not_asked_of_no_name(tmp_path):
    """`resource != Api::"x"` would hold for a stream of many records, whichever they are."""
    named = SEEN.replace("resource);", 'resource) when { resource != Booking::"9" };')
    scene = scene_of(tmp_path, ALL + named)
    assert code(scene.decide("GET", "/bookings/3/events")) is None
    assert code(scene.decide("GET", "/bookings/9/events")) == "not-permitted"


def test_observing_lets_it_go_and_says_so(tmp_path):
    """The mode is that of rules on fields."""
    scene = scene_of(tmp_path, more='\n[rules]\nfields = "observe"\n')
    assert code(scene.decide("GET", "/bookings/3/events", who="staff")) is None
    assert [one.code for one in scene.x.observed] == ["not-permitted"]


def test_an_answer_that_is_read_needs_no_such_step(tmp_path):
    """Step 14 leaves the class out there."""
    scene = scene_of(tmp_path)
    assert code(scene.decide("GET", "/bookings/3", who="staff")) is None
