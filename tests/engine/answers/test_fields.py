"""Field classes: asked once where the record does not matter, hidden where it does not show."""

from __future__ import annotations

import pytest
from kit.deciding import Scene, booking
from kit.shop import OWN, document

from yett.engine.answers.fields import Shown, asks_record
from yett.engine.answers.records import Records
from yett.policy.cedar.model import Footprint

EVERYBODY = """
@id("all") permit(principal, action in Action::"tag:bookings", resource);
"""
ROLE = (
    EVERYBODY
    + '@id("pii") permit(principal in Role::"staff", action in Action::"read:pii", resource);'
)


def shown(folder, policies, who="ann", *, look=False, before=None):
    scene = Scene(folder, policies=policies)
    scene.decide("GET", "/bookings", who=who)
    checks = scene.x.plan.checks
    records = Records(scene.x, checks)
    return scene, records, Shown(records, checks.shown, before, look=look)


@pytest.mark.parametrize(("who", "phone"), [("staff", True), ("ann", False)])
def test_rules_that_ask_nothing_of_the_record_are_asked_once(tmp_path, who, phone):
    """A role sees the class in every record or in none, whatever the record shows."""
    scene, records, classes = shown(tmp_path, ROLE, who)
    asked = len(scene.view.sampled)
    assert classes.idle is phone
    for value in (booking(1, phone="+49"), {"phone": "+49"}):
        classes.hide(value, records.uid(value), None)
        assert ("phone" in value) is phone
    assert len(scene.view.sampled) == asked


def test_rules_on_the_record_are_asked_of_each(tmp_path):
    """Own records show the class, others hide it, and so does one that cannot be read."""
    _, records, classes = shown(tmp_path, OWN)
    assert not classes.idle
    for owner, phone in ((7, True), (8, False), ("x", False), (None, False), ([7], False)):
        value = booking(1, owner, phone="+49")
        uid = records.uid(value)
        assert classes.hide(value, uid, records.entity(uid, value)) is not phone
        assert ("phone" in value) is phone
    assert classes.hidden == {"pii"}


def test_a_class_without_a_rule_is_hidden(tmp_path):
    """Nobody permits it, so nobody sees it."""
    _, records, classes = shown(tmp_path, EVERYBODY, "staff")
    value = booking(1, phone="+49")
    assert classes.hide(value, records.uid(value), None)
    assert "phone" not in value


def test_looking_changes_nothing(tmp_path):
    """In mode `observe` the class is only named."""
    _, records, classes = shown(tmp_path, EVERYBODY, look=True)
    value = booking(1, phone="+49")
    assert classes.hide(value, records.uid(value), None)
    assert value["phone"] == "+49"
    assert classes.hidden == {"pii"}


UNLOCKED = (
    EVERYBODY
    + """
@id("pii") permit(principal, action in Action::"read:pii", resource) unless {
  resource has price && resource.price > 5
};
"""
)


def test_rules_that_read_what_the_answer_does_not_show_hide(tmp_path):
    """An attribute that the schema does not declare is not taken for absent: it would permit."""
    contents = document()
    for path, method in (("/bookings", "get"), ("/bookings/{id}", "get")):
        answer = contents["paths"][path][method]["responses"]["200"]["content"]["application/json"]
        schema = answer["schema"]
        schema = (
            schema["properties"]["items"]["items"] if "items" in schema["properties"] else schema
        )
        schema["required"].remove("price")
        if path == "/bookings":
            del schema["properties"]["price"]
    scene = Scene(tmp_path, contents, policies=UNLOCKED)
    scene.decide("GET", "/bookings")
    records = Records(scene.x, scene.x.plan.checks)
    value = {"id": 1, "customer_id": 7, "status": "draft", "phone": "+49"}
    uid = records.uid(value)
    classes = Shown(records, scene.x.plan.checks.shown, None)
    classes.hide(value, uid, records.entity(uid, value))
    assert "phone" not in value


def test_what_asks_of_a_record():
    """Its name, its attributes, or all of it as a value."""
    assert not asks_record(Footprint(principal=frozenset({"id"}), context=frozenset({"now"})))
    assert asks_record(Footprint(resource_uid=True))
    assert asks_record(Footprint(resource=frozenset({"a"})))
    assert asks_record(Footprint(whole=frozenset({"resource"})))


@pytest.mark.parametrize("before", [False, True])
def test_a_class_whose_rules_ask_of_a_third_entity_is_hidden(tmp_path, before):
    """Nobody knows whether the customer is staff; that it is not must not show the phone."""
    rule = """@id("pii") permit(principal, action in Action::"read:pii", resource is Booking)
    unless { resource.customer in Role::"staff" };"""
    scene, records, classes = shown(tmp_path, EVERYBODY + rule)
    value = booking(1, phone="+49")
    uid = records.uid(value)
    if before:
        checks = scene.x.plan.checks
        classes = Shown(records, checks.shown, records.entity(uid, value))
    assert classes.hide(value, uid, records.entity(uid, value))
    assert "phone" not in value
