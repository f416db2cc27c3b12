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
    places = references_of(pay, Facets(gathered.contract.apis[0].document), gathered, report)
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
    assert references_of(change, Facets(gathered.contract.apis[0].document), gathered, report) == ()


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


def test_a_recursive_body_is_walked_to_a_bound(facts, shop, report):
    """A tree of references ends where bodies may not nest deeper."""
    shop["components"]["schemas"]["Tree"] = {
        "type": "object",
        "properties": {"id": REF, "child": {"$ref": "#/components/schemas/Tree"}},
    }
    places = found(facts, shop, {"$ref": "#/components/schemas/Tree"}, report)
    assert max(len(located.pointer) for located, _ in places) == 12
