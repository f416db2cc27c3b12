"""How a record is read before it is written."""

from __future__ import annotations

import pytest

from yett.policy.authz.model import Located
from yett.policy.authz.reads import (
    locate,
    make_read,
    reader_of,
    reader_of_type,
    showing_action,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("path.id", Located("path", "id")),
        ("query.booking.id", Located("query", "booking.id")),
        ("body./a~1b/0", Located("body", pointer=("a/b", "0"))),
        ("body.id", None),
        ("path.", None),
        ("id", None),
        ("", None),
        ("elsewhere.id", None),
    ],
)
def test_places_of_ids(text, expected):
    """`where.name`, or a pointer into the body; anything else is no place."""
    assert locate(text) == expected


def test_the_reader_is_on_the_same_path_or_above(facts):
    """`/bookings/{id}/confirm` is about what `GET /bookings/{id}` reads."""
    gathered = facts()
    for operation in ("confirmBooking", "changeBooking", "deleteBooking"):
        reader = reader_of(gathered.records[f"shop.{operation}"], gathered)
        assert reader.operation.id == "shop.getBooking"
    assert reader_of_type("Booking", "shop", gathered).operation.id == "shop.getBooking"
    assert reader_of_type("Invoice", "shop", gathered) is None
    assert reader_of_type("Booking", "other", gathered) is None


def test_a_reader_can_be_named(facts, shop):
    """`read` names another one; a list or a write is none."""
    other = dict(shop["paths"]["/bookings/{id}"]["get"], operationId="peekBooking")
    shop["paths"]["/peek/{id}"] = {
        "parameters": shop["paths"]["/bookings/{id}"]["parameters"],
        "get": other,
    }
    resource = shop["paths"]["/bookings/{id}"]["patch"]["x-yett"]["resource"]
    for name, expected in (
        ("peekBooking", "shop.peekBooking"),
        ("listBookings", None),
        ("gone", None),
    ):
        resource["read"] = name
        gathered = facts()
        reader = reader_of(gathered.records["shop.changeBooking"], gathered)
        assert (reader.operation.id if reader else None) == expected


def test_the_target_has_the_id_and_what_the_request_knows(facts, shop):
    """Other parameters of the path come from the request by name; an unknown one ends it."""
    del shop["components"]["schemas"]["Booking"]["x-yett-machine"]
    shop["paths"]["/{tenant}/b%C3%A4ume/{id}"] = shop["paths"].pop("/bookings/{id}")
    tenant = {"name": "tenant", "in": "path", "required": True, "schema": {"type": "string"}}
    shop["paths"]["/{tenant}/b%C3%A4ume/{id}"]["parameters"].append(tenant)
    gathered = facts()
    reader = gathered.records["shop.getBooking"]
    read = make_read(reader, gathered.records["shop.changeBooking"].operation, gathered)
    assert read.path == ("/", Located("path", "tenant"), "/b%C3%A4ume/", None)
    assert read.upstream == "shop"
    assert make_read(reader, gathered.records["shop.confirmBooking"].operation, gathered) is None


def test_a_reader_that_wants_a_query_is_none(facts, shop):
    """A required query parameter cannot be made up."""
    query = {"name": "v", "in": "query", "required": True, "schema": {"type": "string"}}
    shop["paths"]["/bookings/{id}"]["get"]["parameters"] = [query]
    gathered = facts()
    record = gathered.records["shop.changeBooking"]
    assert make_read(reader_of(record, gathered), record.operation, gathered) is None


def test_what_a_write_answers_is_shown_as_a_read_shows_it(facts, shop):
    """The reader's class action decides; where the reader does not have the class, the own one."""
    gathered = facts()
    operations = {o.id: o for o in gathered.operations()}
    for name, expected in (
        ("changeBooking", "getBooking:pii"),
        ("createBooking", "getBooking:pii"),
        ("getBooking", "getBooking:pii"),
        ("listBookings", "listBookings:pii"),
    ):
        assert showing_action(operations[f"shop.{name}"], "pii", gathered) == expected
    answer = shop["paths"]["/bookings/{id}"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]
    del answer["schema"]["properties"]["phone"]
    gathered = facts()
    operations = {o.id: o for o in gathered.operations()}
    assert showing_action(operations["shop.changeBooking"], "pii", gathered) == "changeBooking:pii"
