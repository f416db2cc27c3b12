"""Which classes an operation sends and shows, relative to its record."""

from __future__ import annotations

import pytest
from kit.shop import answer, messages

from yett.policy.authz.labels import Labels


def test_classes_are_relative_to_the_record(facts):
    """In a list they are those of an item."""
    labels = facts().labels
    assert labels["shop.listBookings"] == Labels({"pii": (("phone",),)}, {})
    assert labels["shop.changeBooking"] == Labels({"pii": (("phone",),)}, {"pii": (("phone",),)})
    assert "shop.getHealth" not in labels


def test_a_class_beside_the_record_is_an_error(facts, shop, report):
    """No rule could say whose it is."""
    schema = shop["paths"]["/bookings"]["get"]["responses"]["200"]["content"]["application/json"]
    schema["schema"]["properties"]["revenue"] = {"type": "integer", "x-yett-class": "money"}
    assert "money" not in facts().labels["shop.listBookings"].shown
    assert "the class `money` stands beside the record it should be a part of" in messages(report)


def test_a_class_without_end_is_an_error(facts, shop, report):
    """A label in a recursive schema cannot be carried out everywhere, so it is refused."""
    tree = {"properties": {"secret": {"type": "string", "x-yett-class": "pii"}}}
    tree["properties"]["child"] = {"$ref": "#/components/schemas/Tree"}
    shop["components"]["schemas"]["Tree"] = tree
    shop["paths"]["/health"]["get"]["responses"] = answer({"$ref": "#/components/schemas/Tree"})
    facts()
    assert "the class `pii` stands in a schema that contains itself" in messages(report)


def test_a_document_without_extensions_is_not_walked(facts, shop):
    """Classes of an operation without a record are relative to the whole answer."""
    shop["paths"]["/health"]["get"]["responses"] = answer(
        {"type": "object", "properties": {"load": {"type": "integer", "x-yett-class": "internal"}}}
    )
    assert facts().labels["shop.getHealth"].shown == {"internal": (("load",),)}


@pytest.mark.parametrize("place", ["one", "item", "data", "sent"])
def test_a_class_on_the_record_itself_is_an_error(facts, shop, report, place):
    """Nothing of a record can be left out where all of it is labelled: it went out whole."""
    paths = shop["paths"]
    one = paths["/bookings/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
    many = paths["/bookings"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    sent = paths["/bookings/{id}"]["patch"]["requestBody"]["content"]["application/json"]
    label = {"x-yett-class": "money"}
    if place == "data":
        one["schema"] = {"properties": {"data": {**one["schema"], **label}}}
        paths["/bookings/{id}"]["get"]["x-yett"]["resource"]["record"] = "/data"
    target = {"one": one["schema"], "item": many["properties"]["items"]["items"]}
    target.get(place, sent["schema"]).update(label if place != "data" else {})
    facts()
    expected = "the class `money` stands on the whole record, of which nothing is left out"
    assert expected in messages(report)


def test_a_property_that_is_called_like_every_one_is_hidden(facts, shop):
    """`*` stands for all members, so a class of a member of that name hides them all."""
    one = shop["paths"]["/bookings/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
    one["schema"]["properties"]["*"] = {"type": "string", "x-yett-class": "money"}
    assert facts().labels["shop.getBooking"].shown["money"] == (("*",),)
