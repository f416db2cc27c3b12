"""Records of an answer: how they are named, asked about and remembered."""

from __future__ import annotations

import pytest
from kit.deciding import Scene, booking, person
from kit.shop import document

from yett.engine.answers.records import Records
from yett.policy.cedar.model import Uid
from yett.terms import ANONYMOUS


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def records(scene, target="/bookings/3", **given):
    scene.decide("GET", target, **given)
    return Records(scene.x, scene.x.plan.checks)


def test_a_record_is_named_by_itself_before_the_request(scene):
    """The answer's own id counts; the request's stands in where the answer shows none."""
    found = records(scene)
    assert found.uid(booking(4)) == Uid("Booking", "4")
    assert found.uid({"id": "4"}) == Uid("Booking", "4")
    for value in ({}, {"id": None}, {"id": 4.5}, {"id": True}, [], None):
        assert found.uid(value) == Uid("Booking", "3")


def test_an_item_of_a_list_without_an_id_has_no_name(scene):
    """The request names none of them."""
    assert records(scene, "/bookings").uid({}) == Uid("Booking", "")


def test_a_question_is_put_again_with_the_next_record(scene):
    """One record never sees the attributes of the one before."""
    found = records(scene, "/bookings")
    one, two = found.uid(booking(1)), found.uid(booking(2))
    asked = found.question(one, found.entity(one, booking(1)))
    assert set(asked.entities) == {asked.principal, one}
    again = found.question(two, found.entity(two, booking(2)))
    assert again is asked
    assert (again.resource, set(again.entities)) == (two, {asked.principal, two})
    assert set(found.question(one, None).entities) == {asked.principal}


def test_decisions_are_sampled(scene):
    """Each decision on an answer can be compared with cedarpy later."""
    found = records(scene)
    uid = found.uid(booking(3))
    slice_ = scene.x.plan.checks.decides
    before = len(scene.view.sampled)
    assert found.decide(slice_, found.question(uid, found.entity(uid, booking(3)))).allow
    assert len(scene.view.sampled) == before + 1


def test_who_is_no_entity_is_denied(scene):
    """Whatever the rules say of the record."""
    found = records(scene)
    scene.x.unjudged = "no claim"
    uid = found.uid(booking(3))
    slice_ = scene.x.plan.checks.decides
    assert not found.decide(slice_, found.question(uid, found.entity(uid, booking(3)))).allow


def test_what_was_shown_is_remembered_for_the_caller_alone(scene):
    """Not for nobody in particular: all anonymous callers would have seen it."""
    found = records(scene)
    found.saw([Uid("Booking", "3"), Uid("Booking", "4")])
    who = 'User::"7"'
    assert scene.view.shown == {(who, 'Booking::"3"'), (who, 'Booking::"4"')}
    scene.view.shown.clear()
    found.saw([])
    scene.x.principal = ANONYMOUS
    found.saw([Uid("Booking", "3")])
    assert scene.view.shown == set()


def test_seen_is_asked_only_where_rules_ask(tmp_path):
    """A closed operation asks what was shown; the others do not."""
    made = document()
    made["paths"]["/bookings/{id}"]["get"]["x-yett"]["resource"]["closed"] = True
    closed = Scene(tmp_path / "closed", made)
    closed.people["ann"] = person()
    found = records(closed)
    assert found.seen(Uid("Booking", "3")) is False
    closed.view.shown.add(('User::"7"', 'Booking::"3"'))
    assert found.seen(Uid("Booking", "3")) is True
    assert records(Scene(tmp_path / "open")).seen(Uid("Booking", "3")) is None
