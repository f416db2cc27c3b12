"""Where a rule is checked follows from what it reads."""

from __future__ import annotations

import pytest
from kit.shop import ID, ONE, answer, compile_shop, document, operation

from yett.policy.authz.model import Place

STAFF = '@id("a") permit(principal in Role::"staff", action, resource);'
OWNER = '@id("a") permit(principal is User, action, resource is Booking) when { resource.customer == principal };'
UID = '@id("a") permit(principal, action, resource is Booking) when { resource == Booking::"7" };'


def places(tmp_path, policies, contents=None):
    guards = compile_shop(tmp_path, contents, policies).authz.guards
    return {id_.removeprefix("shop."): guard.place for id_, guard in guards.items()}


@pytest.mark.parametrize(
    ("policies", "operation", "place"),
    [
        (STAFF, "getBooking", Place.BEFORE),
        (STAFF, "listBookings", Place.BEFORE),
        (STAFF, "getHealth", Place.BEFORE),
        (UID, "getBooking", Place.BEFORE),
        (UID, "listBookings", Place.RESPONSE),
        (UID, "createBooking", Place.BODY),
        (OWNER, "getBooking", Place.RESPONSE),
        (OWNER, "listBookings", Place.RESPONSE),
        (OWNER, "deleteBooking", Place.READ),
        (OWNER, "changeBooking", Place.READ),
        (OWNER, "createBooking", Place.UNCHECKABLE),
        # The machine reads the state, whatever the team's rules read.
        (STAFF, "confirmBooking", Place.READ),
        # Only changed fields are authorised, so the record is read.
        (STAFF, "changeBooking", Place.READ),
    ],
)
def test_places(tmp_path, policies, operation, place):
    """Before forwarding, on the answer, by reading first, in the body, or not at all."""
    assert places(tmp_path, policies)[operation] == place


def test_an_answer_that_does_not_show_it_is_not_checkable(tmp_path):
    """A list without the owner cannot be filtered by owner: every call is refused, and said."""
    contents = document()
    items = contents["paths"]["/bookings"]["get"]["responses"]["200"]["content"]["application/json"]
    del items["schema"]["properties"]["items"]["items"]["properties"]["customer_id"]
    policy = compile_shop(tmp_path, contents, OWNER)
    assert policy.authz.guards["shop.listBookings"].place == Place.UNCHECKABLE
    assert (
        "the rules of `shop.listBookings` cannot be checked: its answer does not declare `customer`"
        in [r.message for r in policy.remarks]
    )


def test_a_permit_that_cannot_be_seen_leaves_the_others(tmp_path):
    """The owner's rule cannot hold for a new record without an owner; the rule for new ones can."""
    new = '@id("b") permit(principal is User, action == Action::"createBooking", resource);'
    assert places(tmp_path, OWNER + new)["createBooking"] == Place.BODY
    forbid = '@id("c") forbid(principal, action, resource is Booking) when { resource.price > 5 };'
    assert places(tmp_path, OWNER + new + forbid)["createBooking"] == Place.UNCHECKABLE


def test_an_answer_about_a_record_is_decided_on_the_record(tmp_path):
    """A receipt or a download does not say whose it is: the record is read beforehand."""
    contents = document()
    receipt = operation("getReceipt", answer({"type": "object"}), resource=ONE)
    stream = operation("download", resource=ONE, stream="response")
    for name, made in (("receipt", receipt), ("content", stream)):
        contents["paths"][f"/bookings/{{id}}/{name}"] = {"parameters": ID, "get": made}
    found = places(tmp_path, OWNER, contents)
    assert found["getReceipt"] == Place.READ
    assert found["download"] == Place.READ


def test_a_stream_of_many_is_not_checkable(tmp_path):
    """Items that pass unread cannot be decided one by one."""
    contents = document()
    contents["paths"]["/bookings"]["get"]["x-yett"]["stream"] = "response"
    assert places(tmp_path, OWNER, contents)["listBookings"] == Place.UNCHECKABLE


def test_a_write_without_a_read_is_not_checkable(tmp_path):
    """No GET of one booking: nobody can look before it is written."""
    contents = document()
    del contents["paths"]["/bookings/{id}"]["get"]
    contents["paths"]["/bookings"]["get"]["x-yett"]["resource"]["attrs"] = {
        "customer": "/customer_id",
        "status": "/status",
    }
    assert places(tmp_path, OWNER, contents)["deleteBooking"] == Place.UNCHECKABLE


def test_a_rule_does_not_apply_to_an_operation_about_no_record(tmp_path):
    """A rule on bookings says nothing of the health check, so scopes alone decide there."""
    assert "getHealth" not in places(tmp_path, OWNER)


UNLESS = """
@id("free") permit(principal is User, action, resource is Booking) unless {
  resource has note && resource.note == "private"
};
"""


def with_card(shown):
    """A second way to read a booking, which shows only so much of it."""
    contents = document()
    one = contents["paths"]["/bookings/{id}"]["get"]
    one["x-yett"]["resource"]["attrs"]["note"] = "/note"
    slim = {"type": "object", "properties": {name: {"type": "integer"} for name in shown}}
    card = operation("getCard", answer(slim), resource=ONE)
    contents["paths"]["/bookings/{id}/card"] = {"parameters": ID, "get": card}
    return contents


def test_what_an_answer_does_not_show_is_not_taken_for_absent(tmp_path):
    """`has` of what is not shown would be false, and a permit could hold by that."""
    found = places(tmp_path, STAFF.replace('"a"', '"b"') + UNLESS, with_card(["id"]))
    assert found["getCard"] is Place.READ
    assert found["getBooking"] is Place.RESPONSE


def test_a_record_is_read_where_that_shows_more(tmp_path):
    """The owner is not in the answer: staff alone could be let through by it."""
    found = places(tmp_path, STAFF.replace('"a"', '"b"') + OWNER, with_card(["id"]))
    assert found["getCard"] is Place.READ


ASKED = (
    'resource.customer has tenant && resource.customer.tenant == "x"',
    'resource.customer in Role::"staff"',
    'User::"eve" in Role::"staff"',
)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("effect", ["forbid", "permit"])
def test_what_asks_of_a_third_entity_is_not_checkable(tmp_path, effect, asked):
    """Nobody knows more of it than its name: `has` and `in` would be false, and let by."""
    rule = f'{effect}(principal is User, action in Action::"tag:bookings", resource is Booking)'
    condition = f"when {{ {asked} }}" if effect == "forbid" else f"unless {{ {asked} }}"
    policies = f'{STAFF} @id("b") {rule} {condition};'
    found = places(tmp_path, policies)
    for name in ("getBooking", "listBookings", "deleteBooking", "changeBooking"):
        assert found[name] == Place.UNCHECKABLE
    assert "getHealth" not in found or found["getHealth"] == Place.BEFORE


def test_a_record_that_is_used_as_a_whole_must_show_all(tmp_path):
    """`(if .. then resource else resource) has note` reads the note although nothing names it so."""
    contents = document()
    attrs = contents["paths"]["/bookings/{id}"]["get"]["x-yett"]["resource"]["attrs"]
    attrs["note"] = "/note"
    items = contents["paths"]["/bookings"]["get"]["responses"]["200"]["content"]["application/json"]
    del items["schema"]["properties"]["items"]["items"]["properties"]["note"]
    whole = "(if context.secure then resource else resource)"
    policies = f"""@id("a") permit(principal is User, action, resource is Booking)
    when {{ !({whole} has note) }};"""
    found = places(tmp_path, policies, contents)
    assert found["listBookings"] == Place.UNCHECKABLE
    assert found["getBooking"] == Place.RESPONSE
