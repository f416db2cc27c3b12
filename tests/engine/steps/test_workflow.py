"""Step 11, workflow: whichever operation moves a record, the machine's rules hold."""

from __future__ import annotations

import pytest
from kit.deciding import Scene, booking, read
from kit.shop import OWN, document

EDIT = {"content_type": b"application/json-patch+json"}
PATCHABLE = {"type": "array", "items": {"type": "object"}}


def shop():
    """The shop, whose changes may also come as a JSON Patch."""
    made = document()
    content = made["paths"]["/bookings/{id}"]["patch"]["requestBody"]["content"]
    content["application/json-patch+json"] = {"schema": PATCHABLE}
    return made


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path, shop(), policies=OWN)


def code(decision):
    return decision.problem.code if decision.problem is not None else None


def edit(**operation):
    return [operation]


@pytest.mark.parametrize("state", ["draft", "confirmed"])
def test_a_body_that_keeps_the_state_is_no_transition(scene, state):
    """Clients put back what they got."""
    scene.records["/bookings/3"] = read(booking(status=state))
    assert code(scene.decide("PATCH", "/bookings/3", {"status": state, "note": "x"})) is None
    assert scene.x.expected == (state,)
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"})) is None


def test_a_declared_transition_needs_the_rules_of_its_operation(scene):
    """`PATCH {status: confirmed}` is `confirmBooking`, with its rules."""
    assert code(scene.decide("PATCH", "/bookings/3", {"status": "confirmed"})) is None
    assert scene.x.expected == ("confirmed",)


def test_a_transition_that_nobody_declared_is_refused(scene):
    """409, with what the caller may do from here."""
    scene.records["/bookings/3"] = read(booking(status="confirmed"))
    decision = scene.decide("PATCH", "/bookings/3", {"status": "draft"})
    assert (code(decision), decision.problem.status) == ("wrong-state", 409)
    assert dict(decision.problem.members) == {
        "current": "confirmed",
        "allowed_operations": ["deleteBooking"],
    }


def test_a_terminal_state_allows_nothing(scene):
    """Neither by its operation nor by a body."""
    scene.records["/bookings/3"] = read(booking(status="cancelled"))
    for body in ({"status": "draft"}, {"status": "confirmed"}):
        decision = scene.decide("PATCH", "/bookings/3", body)
        assert dict(decision.problem.members)["allowed_operations"] == []


def test_who_may_change_but_not_confirm_cannot_confirm_by_a_change(tmp_path):
    """The other operation's rules are not escaped by choosing the body."""
    rule = '@id("no") forbid(principal is User, action == Action::"confirmBooking", resource);'
    scene = Scene(tmp_path, shop(), policies=OWN + rule)
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"})) is None
    decision = scene.decide("PATCH", "/bookings/3", {"status": "confirmed"})
    assert (code(decision), decision.problem.pointer) == ("not-permitted", "/status")
    assert "confirmBooking" in decision.problem.note
    assert scene.x.policies == ("no",)


def test_allowed_operations_are_those_of_the_caller(tmp_path):
    """What somebody else may do from here is not offered."""
    rule = '@id("no") forbid(principal is User, action == Action::"deleteBooking", resource)'
    rule += ' unless { principal.id == "1" };'
    scene = Scene(tmp_path, shop(), policies=OWN + rule)
    scene.records["/bookings/3"] = read(booking(status="confirmed"))
    for who, offered in (("ann", []), ("staff", ["deleteBooking"])):
        decision = scene.decide("POST", "/bookings/3/confirm", who=who)
        assert dict(decision.problem.members)["allowed_operations"] == offered


def test_allowed_operations_need_their_scopes(tmp_path):
    """Step 7 of the other operation counts as well."""
    made = shop()
    made["components"]["securitySchemes"]["oauth"] = {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": "https://t", "scopes": {"del": "delete"}}},
    }
    made["paths"]["/bookings/{id}"]["delete"]["security"] = [{"oauth": ["del"]}]
    scene = Scene(tmp_path, made, policies=OWN)
    scene.records["/bookings/3"] = read(booking(status="confirmed"))
    decision = scene.decide("POST", "/bookings/3/confirm")
    assert dict(decision.problem.members)["allowed_operations"] == []


@pytest.mark.parametrize(
    "edits",
    [
        edit(op="replace", path="/status", value="cancelled"),
        edit(op="add", path="/STATUS", value="cancelled"),
        edit(op="replace", path="", value={"status": "cancelled"}),
        edit(op="remove", path="/status"),
        edit(op="copy", path="/status", **{"from": "/note"}),
        edit(op="move", path="/note", **{"from": "/status"}),
        edit(op="add", path="/status/x", value=1),
        edit(op="nonsense", path="/note"),
        [*edit(op="replace", path="/status", value="draft"), *edit(op="remove", path="/status")],
    ],
)
def test_a_json_patch_moves_a_record_as_well(tmp_path, edits):
    """Another media type, an odd path or a copy is no way around the machine."""
    made = shop()
    moves = made["components"]["schemas"]["Booking"]["x-yett-machine"]["operations"]
    moves["deleteBooking"]["from"] = ["confirmed"]
    scene = Scene(tmp_path, made, policies=OWN)
    assert code(scene.decide("PATCH", "/bookings/3", edits, **EDIT)) == "wrong-state"


def test_a_json_patch_with_a_declared_transition_passes(scene):
    """And one that does not touch the state is none."""
    edits = edit(op="replace", path="/status", value="confirmed")
    assert code(scene.decide("PATCH", "/bookings/3", edits, **EDIT)) is None
    assert scene.x.expected == ("confirmed",)
    edits = edit(op="test", path="/status", value="draft")
    assert code(scene.decide("PATCH", "/bookings/3", edits, **EDIT)) is None


def test_the_state_of_an_operations_own_move_is_expected(scene):
    """Step 14 compares what the service made of it."""
    assert code(scene.decide("POST", "/bookings/3/confirm")) is None
    assert scene.x.expected == ("confirmed",)
    assert code(scene.decide("DELETE", "/bookings/3")) is None
    assert scene.x.expected == ("cancelled",)


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"status": "draft"}, None),
        ({"note": "x"}, None),
        ({"status": "confirmed"}, "wrong-state"),
        ({"status": "cancelled"}, "wrong-state"),
    ],
)
def test_a_new_record_begins_where_the_machine_says(scene, body, refused):
    """A booking that is confirmed from the start was never confirmed (CWE-915)."""
    decision = scene.decide("POST", "/bookings", body)
    assert code(decision) == refused
    assert scene.x.expected == ("draft",)
    if refused:
        assert decision.problem.pointer == "/status"
        assert dict(decision.problem.members) == {"allowed_operations": []}


def test_a_body_that_was_not_read_moves_nothing(tmp_path):
    """It could set any state."""
    scene = Scene(tmp_path, shop(), policies=OWN, more='\n[rules]\nbody = "off"\n')
    decision = scene.decide("PATCH", "/bookings/3", {"status": "cancelled"})
    assert code(decision) == "not-permitted"


def test_the_record_is_read_for_its_state_where_no_rule_needs_it(tmp_path):
    """Staff may change every booking, but not from any state to any other."""
    scene = Scene(tmp_path, shop(), policies=OWN)
    scene.records["/bookings/3"] = read(booking(status="cancelled"))
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"}, who="staff")) is None
    assert scene.read_targets() == []
    assert (
        code(scene.decide("PATCH", "/bookings/3", {"status": "draft"}, who="staff"))
        == "wrong-state"
    )
    assert scene.read_targets() == ["/bookings/3"]


def test_a_record_that_is_gone_is_no_transition(scene):
    """404 for staff as well: there is none."""
    scene.records.clear()
    decision = scene.decide("PATCH", "/bookings/3", {"status": "confirmed"}, who="staff")
    assert code(decision) == "no-such-record"


def test_observe_lets_go_and_says_so(tmp_path):
    """The refused transition is on record and goes on."""
    scene = Scene(tmp_path, shop(), policies=OWN, more='\n[rules]\nrecords = "observe"\n')
    scene.records["/bookings/3"] = read(booking(status="confirmed"))
    assert code(scene.decide("PATCH", "/bookings/3", {"status": "draft"})) is None
    assert [one.code for one in scene.x.observed] == ["wrong-state"]
