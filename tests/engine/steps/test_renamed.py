"""Step 11, a second id: a change names one record, in its target and in its body."""

from __future__ import annotations

import pytest
from kit.deciding import Scene
from kit.shop import BOOKING, CHANGE, ONE, answer, document, operation


def shop(**named):
    """The shop, whose changes may send an id."""
    made = document()
    one = made["paths"]["/bookings/{id}"]
    schema = {**CHANGE, "properties": {**CHANGE["properties"], "id": {}}}
    one["patch"] = operation("changeBooking", body=schema, resource={**ONE, **named})
    made["paths"]["/bookings/{id}/confirm"]["post"] = operation(
        "confirmBooking", body=schema, resource=ONE
    )
    return made


def pointer(decision):
    return decision.problem.pointer if decision.problem is not None else None


@pytest.mark.parametrize("id_", [4, "4", "03", "3 ", 3.0, True, [3], {"id": 3}, ""])
def test_another_id_is_refused(tmp_path, id_):
    """Also one that a service might read as another than the rules do."""
    scene = Scene(tmp_path, shop())
    decision = scene.decide("PATCH", "/bookings/3", {"id": id_, "note": "x"})
    assert (decision.problem.code, pointer(decision)) == ("field-not-permitted", "/id")


@pytest.mark.parametrize("id_", [3, "3", None])
def test_the_same_id_is_put_back(tmp_path, id_):
    """Clients send what they got."""
    scene = Scene(tmp_path, shop())
    assert scene.decide("PATCH", "/bookings/3", {"id": id_, "note": "x"}).problem is None
    assert scene.decide("PATCH", "/bookings/3", {"note": "x"}).problem is None


def test_in_an_envelope_too(tmp_path):
    """Where the answer has one, the request may have it as well."""
    made = shop(record="/data")
    patch = made["paths"]["/bookings/{id}"]["patch"]
    patch["responses"] = answer({"type": "object", "properties": {"data": BOOKING}})
    body = patch["requestBody"]["content"]["application/json"]
    body["schema"] = {"type": "object", "properties": {"data": body["schema"]}}
    scene = Scene(tmp_path, made)
    assert pointer(scene.decide("PATCH", "/bookings/3", {"data": {"id": 4}})) == "/data/id"
    assert scene.decide("PATCH", "/bookings/3", {"data": {"id": 3}}).problem is None


def test_an_order_may_name_another_thing(tmp_path):
    """`POST /bookings/3/confirm {"id": 9}` is about something with an id of its own."""
    scene = Scene(tmp_path, shop())
    assert scene.decide("POST", "/bookings/3/confirm", {"id": 9}).problem is None


def test_observing_lets_it_go_and_says_so(tmp_path):
    """The mode is that of rules on records."""
    scene = Scene(tmp_path, shop(), more='\n[rules]\nrecords = "observe"\n')
    assert scene.decide("PATCH", "/bookings/3", {"id": 4}).problem is None
    assert "field-not-permitted" in [one.code for one in scene.x.observed]
