"""Step 11, written fields: only what changes is authorised, and nothing changes unauthorised."""

from __future__ import annotations

import pytest
from kit.deciding import RULES, Scene, booking, note, person, read, wide
from kit.shop import OWN, document

EDIT = {"content_type": b"application/json-patch+json"}
MERGE = {"content_type": b"application/merge-patch+json"}
HELD = note(salary=5, about={"rate": 1, "place": "p"}, lines=[{"text": "a", "price": 1}])


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path, wide(), policies=RULES)
    scene.records["/notes/n1"] = read(HELD)
    return scene


def code(decision):
    return decision.problem.code if decision.problem is not None else None


def test_what_a_client_puts_back_unchanged_is_no_write(scene):
    """A PUT of what was read, with a change beside the class, needs no permission for the class."""
    assert code(scene.decide("PUT", "/notes/n1", {**HELD, "title": "new"})) is None
    assert code(scene.decide("PATCH", "/notes/n1", {"salary": 5, "title": "x"}, **MERGE)) is None
    assert scene.x.why == ()
    assert scene.x.policies == ("notes",)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"salary": 6}, "/salary"),
        ({"salary": None}, "/salary"),
        ({"about": {"rate": 2}}, "/about/rate"),
        ({"about": {}}, "/about/rate"),
        ({"lines": [{"text": "a", "price": 9}]}, "/lines/0/price"),
        ({"lines": []}, "/lines/0/price"),
        ({"lines": [{"text": "a", "price": 1}, {"price": 2}]}, "/lines/1/price"),
    ],
)
def test_a_changed_field_of_a_class_is_refused_with_its_place(scene, change, pointer):
    """The client learns which field, never its value."""
    decision = scene.decide("PUT", "/notes/n1", HELD | change)
    problem = decision.problem
    assert (problem.code, problem.status, problem.pointer) == ("field-not-permitted", 403, pointer)
    assert problem.detail == problem.kind.detail
    assert "money" in problem.note


def test_a_put_that_leaves_a_field_out_removes_it(scene):
    """Silence is a write: the service forgets what is not there."""
    body = {k: v for k, v in HELD.items() if k != "salary"}
    assert scene.decide("PUT", "/notes/n1", body).problem.pointer == "/salary"


def test_a_merge_that_leaves_a_field_out_keeps_it(scene):
    """In a merge patch silence is no write, null is."""
    assert code(scene.decide("PATCH", "/notes/n1", {"title": "x"}, **MERGE)) is None
    decision = scene.decide("PATCH", "/notes/n1", {"salary": None}, **MERGE)
    assert decision.problem.pointer == "/salary"


def test_who_may_write_the_class_may(tmp_path):
    """The rules of `operation:class` decide; known in advance they need no record."""
    rules = (
        RULES
        + '@id("s") permit(principal in Role::"staff", action in Action::"tag:notes", resource);'
    )
    scene = Scene(tmp_path, wide(), policies=rules)
    assert code(scene.decide("PUT", "/notes/n1", HELD | {"salary": 6}, who="staff")) is None
    assert scene.read_targets() == []
    assert set(scene.x.policies) == {"s", "money"}


@pytest.mark.parametrize(
    ("edit", "refused"),
    [
        ({"op": "replace", "path": "/salary", "value": 5}, False),
        ({"op": "replace", "path": "/salary", "value": 6}, True),
        ({"op": "replace", "path": "/title", "value": 6}, False),
        ({"op": "remove", "path": "/about"}, True),
        ({"op": "add", "path": "/lines/-", "value": {"price": 3}}, True),
        ({"op": "add", "path": "/lines/-", "value": {"text": "no price"}}, True),
        ({"op": "copy", "path": "/title", "from": "/salary"}, True),
        ({"op": "move", "path": "/title", "from": "/about"}, True),
        ({"op": "test", "path": "/salary", "value": 5}, True),
        ({"op": "replace", "path": "/SALARY", "value": 5}, True),
        ({"op": "set", "path": "/title", "value": 5}, True),
    ],
)
def test_a_json_patch_writes_and_tells_fields(scene, edit, refused):
    """Paths are mapped to classes; `test` and `copy` tell a value to who may not see it."""
    decision = scene.decide("PATCH", "/notes/n1", [edit], **EDIT)
    assert code(decision) == ("field-not-permitted" if refused else None)


def test_a_new_record_may_hold_what_its_maker_may_write(tmp_path):
    """There is nothing to compare with: every field of a class that is there counts."""
    rule = '@id("new") permit(principal is User, action == Action::"createBooking:pii", resource)'
    rule += ' when { principal.id == "7" };'
    scene = Scene(tmp_path, policies=OWN + rule)
    assert code(scene.decide("POST", "/bookings", {"phone": "1"})) is None
    assert code(scene.decide("POST", "/bookings", {"note": "x"}, who="bob")) is None
    decision = scene.decide("POST", "/bookings", {"phone": "1"}, who="bob")
    assert (code(decision), decision.problem.pointer) == ("field-not-permitted", "/phone")


def test_a_class_rule_may_read_the_record(tmp_path):
    """The owner may change the phone number, staff may not."""
    scene = Scene(tmp_path)
    assert code(scene.decide("PATCH", "/bookings/3", {"phone": "1"})) is None
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "1"}, who="staff")) is None
    assert code(scene.decide("PATCH", "/bookings/3", {"phone": "1"}, who="staff")) == (
        "field-not-permitted"
    )
    scene.records["/bookings/3"] = read(booking(phone="1"))
    assert code(scene.decide("PATCH", "/bookings/3", {"phone": "1"}, who="staff")) is None


def test_a_record_that_is_gone_is_told_as_such(tmp_path):
    """What cannot be compared is not written."""
    scene = Scene(tmp_path)
    scene.records.clear()
    assert code(scene.decide("PATCH", "/bookings/3", {"phone": "1"}, who="staff")) == (
        "no-such-record"
    )


def test_the_record_is_read_once_for_all_steps(scene):
    """Record, state and fields share one read and one lock."""
    scene.decide("PUT", "/notes/n1", HELD | {"salary": 6})
    assert scene.read_targets() == ["/notes/n1"]


def test_a_body_that_was_not_read_writes_nothing(tmp_path):
    """It could hold any field."""
    scene = Scene(tmp_path, more='\n[rules]\nbody = "off"\n')
    decision = scene.decide("PATCH", "/bookings/3", {"phone": "1"}, who="staff")
    assert code(decision) in {"field-not-permitted", "not-permitted"}
    scene = Scene(tmp_path, more='\n[rules]\nbody = "off"\nrecords = "off"\n')
    assert code(scene.decide("PATCH", "/bookings/3", {"phone": "1"})) == "field-not-permitted"


def test_fields_have_their_own_mode(tmp_path):
    """Observed while records are enforced, and enforced while records are off."""
    scene = Scene(tmp_path, more='\n[rules]\nfields = "observe"\n')
    assert code(scene.decide("PATCH", "/bookings/3", {"phone": "1"}, who="staff")) is None
    assert [one.code for one in scene.x.observed] == ["field-not-permitted"]
    scene = Scene(tmp_path, more='\n[rules]\nrecords = "off"\n')
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"}, who="bob")) is None
    assert code(scene.decide("PATCH", "/bookings/3", {"phone": "1"}, who="bob")) == (
        "field-not-permitted"
    )
    scene = Scene(tmp_path, more='\n[rules]\nfields = "off"\n')
    assert code(scene.decide("PATCH", "/bookings/3", {"phone": "1"}, who="staff")) is None


def vip_shop():
    """Only the list shows whether a booking is a very important person's."""
    made = document()
    listing = made["paths"]["/bookings"]["get"]
    items = listing["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    items["items"]["items"]["properties"]["vip"] = {"type": "boolean"}
    listing["x-yett"]["resource"]["attrs"] = {"vip": "/vip"}
    return made


NOT_VIP = """
@id("not-vip") permit(principal is User, action in Action::"write:pii", resource is Booking)
unless { resource has vip && resource.vip };
"""


def test_what_the_record_does_not_show_is_not_taken_for_absent(tmp_path):
    """A rule that asks for it with `has` would hold by not being shown it."""
    policies = OWN.replace('Action::"write:pii"', 'Action::"read:pii"') + NOT_VIP
    scene = Scene(tmp_path, vip_shop(), policies=policies)
    decision = scene.decide("PATCH", "/bookings/3", {"phone": "1"})
    assert code(decision) == "field-not-permitted"
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "1"})) is None


@pytest.mark.parametrize(
    "asked", ['User::"eve" in Role::"staff"', 'resource.owner in Role::"staff"']
)
def test_a_class_whose_rules_ask_of_a_third_entity_is_written_by_nobody(tmp_path, asked):
    """What is false of an entity that nobody knows must not let a forbid pass."""
    forbid = f"""@id("never") forbid(principal, action in Action::"write:money", resource is Note)
    when {{ {asked} }};"""
    scene = Scene(tmp_path, wide(), policies=RULES + forbid)
    scene.people["staff"] = person("7", "staff")
    scene.records["/notes/n1"] = read(HELD)
    assert code(scene.decide("PUT", "/notes/n1", {**HELD, "title": "new"}, who="staff")) is None
    changed = scene.decide("PUT", "/notes/n1", {**HELD, "salary": 6}, who="staff")
    assert code(changed) == "field-not-permitted"
