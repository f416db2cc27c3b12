"""What operations declare of records: attributes are the union, conflicts and blanks are errors."""

from __future__ import annotations

from kit.shop import answer, messages

from yett.policy.authz.declared import shape_of
from yett.policy.cedar.types import Attribute, Plain, Reference


def test_attributes_are_typed_by_the_answers(facts):
    """A reference is an entity, an integer a Long; required is what every answer requires."""
    found = facts().attributes["Booking"]
    assert found["customer"] == (Attribute("customer", Reference("User")), ("customer_id",))
    assert found["price"] == (Attribute("price", Plain("Long")), ("price",))


def test_what_a_change_may_leave_out_is_still_required(facts):
    """A PATCH body describes what the record shall be; it does not make the state optional."""
    assert facts().attributes["Booking"]["status"][0].required


def test_an_attribute_that_one_answer_leaves_out_is_optional(facts, shop):
    """Where a list shows less than the record, policies must ask with `has`."""
    items = shop["paths"]["/bookings"]["get"]["responses"]["200"]["content"]["application/json"]
    items["schema"]["properties"]["items"]["items"]["required"].remove("price")
    assert not facts().attributes["Booking"]["price"][0].required


def test_a_shape_has_what_its_own_answer_declares(facts, shop):
    """The shape of a list without prices has no price, so a rule that reads it is not checkable."""
    items = shop["paths"]["/bookings"]["get"]["responses"]["200"]["content"]["application/json"]
    del items["schema"]["properties"]["items"]["items"]["properties"]["price"]
    gathered = facts()
    shape = shape_of(gathered.records["shop.listBookings"], gathered.attributes["Booking"])
    assert [attribute.name for attribute, _ in shape.attributes] == ["customer", "status"]


def test_a_pointer_that_leads_nowhere_is_named(facts, shop, report):
    """An attribute that nothing declares is an error at its own line."""
    shop["paths"]["/bookings/{id}"]["get"]["x-yett"]["resource"]["attrs"]["owner"] = "/owner"
    facts()
    message = "the attribute `owner` has no type: no schema declares `/owner` of this record"
    assert message in messages(report)
    assert report.remarks[0].source.pointer[-2:] == ("attrs", "owner")


def test_two_pointers_for_one_attribute_conflict(facts, shop, report):
    """One name is one place in the record."""
    resource = shop["paths"]["/bookings/{id}"]["patch"]["x-yett"]["resource"]
    resource["attrs"] = {"customer": "/note"}
    facts()
    assert "the attribute `customer` of `Booking` is elsewhere at `/customer_id`" in messages(
        report
    )


def test_two_types_for_one_attribute_conflict(facts, shop, report):
    """One name has one type in all operations of its record."""
    items = shop["paths"]["/bookings"]["get"]["responses"]["200"]["content"]["application/json"]
    items["schema"]["properties"]["items"]["items"]["properties"]["price"] = {"type": "string"}
    facts()
    assert "the attribute `price` has two types in the operations of its record" in messages(report)


def test_new_records_and_safe_methods_are_told_apart(facts):
    """A POST without an id makes a record; a GET changes nothing."""
    records = facts().records
    assert records["shop.createBooking"].new
    assert records["shop.getBooking"].safe
    assert not records["shop.changeBooking"].new


def test_what_a_write_answers_does_not_type_the_record(facts, shop):
    """A payment that also has a price does not make the booking's price a string."""
    payment = {"type": "object", "properties": {"price": {"type": "string"}}}
    shop["paths"]["/bookings/{id}/confirm"]["post"]["responses"] = answer(payment)
    assert facts().attributes["Booking"]["price"][0] == Attribute("price", Plain("Long"))
