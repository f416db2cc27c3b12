"""Ids of other records in a request are found, wherever they stand."""

from __future__ import annotations

from kit.shop import messages, operation

from yett.contract.report import Report
from yett.policy.authz.facets import Facets
from yett.policy.authz.model import Located
from yett.policy.authz.references import references_of

REF = {"type": "integer", "x-yett-ref": "Booking"}


def found(facts, shop, body, report, **more):
    made = {**operation("pay", body=body, tags=()), **more}
    shop["paths"]["/payments"] = {"post": made}
    gathered = facts()
    pay = next(o for o in gathered.operations() if o.id == "shop.pay")
    facets = Facets(gathered.contract.apis[0].document)
    places = references_of(pay, facets, gathered, report, report)
    return [(one.located, one.read.operation) for one in places]


def test_ids_in_bodies_and_parameters(facts, shop, report):
    """Properties, items of arrays and query parameters that name a booking."""
    body = {
        "type": "object",
        "properties": {
            "booking_id": REF,
            "others": {"type": "array", "items": REF},
            "set_by_service": {**REF, "readOnly": True},
        },
    }
    query = [{"name": "for", "in": "query", "schema": REF}]
    assert sorted(found(facts, shop, body, report, parameters=query), key=str) == [
        (Located("body", pointer=("booking_id",)), "shop.getBooking"),
        (Located("body", pointer=("others", "*")), "shop.getBooking"),
        (Located("query", "for"), "shop.getBooking"),
    ]


def test_the_operations_own_record_is_no_reference(facts, shop, report):
    """The id in the path is decided by the operation's own rules."""
    shop["paths"]["/bookings/{id}"]["parameters"][0]["schema"] = REF
    gathered = facts()
    change = next(o for o in gathered.operations() if o.id == "shop.changeBooking")
    facets = Facets(gathered.contract.apis[0].document)
    assert references_of(change, facets, gathered, report, report) == ()


def test_a_record_that_nothing_reads_is_reported(facts, shop):
    """Nobody can say whether the caller may see it."""
    report = Report()
    body = {
        "type": "object",
        "properties": {"invoice": {"type": "integer", "x-yett-ref": "Invoice"}},
    }
    assert found(facts, shop, body, report) == []
    assert messages(report) == [
        "`/invoice` names a `Invoice` that no operation reads; it is not checked"
    ]


def test_a_reference_at_any_depth_is_an_error(facts, shop):
    """What is walked to some depth only leaves the rest unchecked, without a word."""
    report = Report()
    inner = {"$ref": "#/components/schemas/Part"}
    sides = dict.fromkeys(("left", "right", "up", "down"), inner)
    part = {"type": "object", "properties": {"booking_id": REF, **sides}}
    shop["components"]["schemas"]["Part"] = part
    assert found(facts, shop, inner, report) == []
    assert messages(report) == [
        "a reference to a `Booking` stands in a schema that contains itself"
    ]


def test_a_schema_that_contains_itself_may_stand_beside_a_reference(facts, shop, report):
    """Only what could be at any depth is refused."""
    part = {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/Part"}}}
    shop["components"]["schemas"]["Part"] = part
    body = {"type": "object", "properties": {"booking_id": REF, "part": part}}
    assert [one.pointer for one, _ in found(facts, shop, body, report)] == [("booking_id",)]
