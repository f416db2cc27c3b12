"""The record of an operation: locked once, read once, and what is noted of it."""

from __future__ import annotations

import pytest
from kit.deciding import Scene, booking, read

from yett.engine.own_record import MAX_RESOURCES, OwnRecord, note_resource, seen_before
from yett.engine.questions import LockRecord, ReadRecord
from yett.policy.cedar.model import Entity, Uid


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path)
    scene.decide("GET", "/bookings/3")
    scene.x.arguments = ("3",)
    return scene


def own(scene, name):
    made = next(one for one in scene.policy.operations if one.id == f"shop.{name}")
    return OwnRecord(made.guard, made, scene.policy)


def finish(run, *answers):
    """Run to the end; return (questions, outcome)."""
    asked, left = [], [None, *answers]
    try:
        while True:
            asked.append(run.send(left.pop(0)))
    except StopIteration as stop:
        return asked, stop.value


def test_it_is_locked_and_read_once(scene):
    """Whichever step needs it first."""
    mine = own(scene, "changeBooking")
    asked, problem = finish(mine.hold(scene.x), True, read(booking()))
    assert problem is None
    assert asked == [LockRecord('Booking::"3"'), ReadRecord("shop", "/bookings/3", 1 << 20)]
    assert scene.x.record == booking()
    assert finish(own(scene, "changeBooking").hold(scene.x)) == ([], None)


def test_a_lock_that_is_held_is_not_asked_for_again(scene):
    """The gate would wait for itself."""
    mine = own(scene, "changeBooking")
    assert finish(mine.lock(scene.x, Uid("Booking", "3")), True)[1] is None
    assert finish(mine.lock(scene.x, Uid("Booking", "3"))) == ([], None)


@pytest.mark.parametrize("answer", [False, None, "yes"])
def test_only_a_clear_yes_is_a_lock(scene, answer):
    """A question that is not answered in time counts as no."""
    mine = own(scene, "changeBooking")
    assert finish(mine.hold(scene.x), answer)[1].code == "record-busy"
    assert scene.x.locked == ""


def test_a_failed_read_leaves_nothing_behind(scene):
    """A later step does not take half a record for one."""
    mine = own(scene, "changeBooking")
    assert finish(mine.hold(scene.x), True, read(b"{"))[1].code == "record-unreadable"
    assert (scene.x.record, scene.x.entity, scene.x.extra) == (None, None, b"")


def test_what_nothing_reads_is_refused(scene):
    """Fail closed."""
    listing = own(scene, "listBookings")
    assert not listing.readable
    assert finish(listing.hold(scene.x))[1].code == "not-permitted"


def test_records_of_a_request_are_named_once_and_bounded(scene):
    """The record of a request does not grow with its body."""
    x = scene.x
    x.resources = ()
    for number in range(100):
        note_resource(x, Uid("Booking", str(number)))
        note_resource(x, Uid("Booking", "0"))
    assert len(x.resources) == len(set(x.resources)) == MAX_RESOURCES


def test_what_was_shown_is_asked_by_names(scene):
    """Type and id of the principal and of the record, as step 14 notes them."""
    scene.view.shown.add(('User::"7"', 'Booking::"3"'))
    assert seen_before(scene.x, Entity(Uid("User", "7")), Uid("Booking", "3"))
    assert not seen_before(scene.x, Entity(Uid("Service", "7")), Uid("Booking", "3"))
