"""A 2xx answer runs through records, classes and undeclared fields in that order."""

from __future__ import annotations

import json

from kit.deciding import Scene, booking

from yett.engine.answers.success import Success

JSON = "application/json"


def success(folder, target="/bookings/3", **given):
    scene = Scene(folder, **given)
    scene.decide("GET", target)
    return scene, Success(scene.x, scene.x.plan.checks, 200)


def test_an_answer_without_a_body_is_no_record(tmp_path):
    """It would still tell that there is one; an empty list tells nothing."""
    _, one = success(tmp_path / "one")
    assert one.release(b"", JSON)[1].code == "no-such-record"
    _, many = success(tmp_path / "many", "/bookings")
    assert many.release(b"", JSON) == (b"", None, ())


def test_what_was_granted_before_is_not_decided_again(tmp_path):
    """Rules that permit whatever the record says are not asked of the answer."""
    everybody = '@id("all") permit(principal, action in Action::"tag:bookings", resource);'
    scene, one = success(tmp_path, policies=everybody)
    raw = json.dumps({"anything": 1}).encode()
    assert scene.x.plan.checks.decides is None or scene.x.granted
    assert one.release(raw, JSON)[1] is None


def test_a_denied_record_is_not_searched_for_fields(tmp_path):
    """The first rule that refuses ends it."""
    scene, one = success(tmp_path)
    body, problem, events = one.release(json.dumps(booking(3, 8, extra=1)).encode(), JSON)
    assert (body, problem.code, len(events)) == (b"", "no-such-record", 1)
    assert scene.x.observed == ()


def test_what_is_left_out_is_left_out_together(tmp_path):
    """A filtered list without what is undeclared is written once."""
    _, many = success(tmp_path, "/bookings")
    items = [booking(1, 7, extra=1), booking(2, 8)]
    body, problem, events = many.release(json.dumps({"items": items, "x": 1}).encode(), JSON)
    assert (json.loads(body), problem, len(events)) == ({"items": [booking(1, 7)]}, None, 1)
