"""Step 11, references: an id in a request is worth what its caller may read."""

from __future__ import annotations

import pytest
from kit.deciding import RULES, Scene, booking, note, read, wide

from yett.engine.steps.references import MAX_REFERENCES
from yett.problems import UPSTREAM_TIMEOUT

EDIT = {"content_type": b"application/json-patch+json"}
MERGE = {"content_type": b"application/merge-patch+json"}


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path, wide(), policies=RULES)


def code(decision):
    return decision.problem.code if decision.problem is not None else None


def refusal(decision):
    problem = decision.problem
    return (problem.kind, problem.detail, problem.headers, problem.members)


def test_a_reference_that_may_be_read_is_let_through(scene):
    """It is read once, judged by the reading operation's rules, and on record."""
    assert code(scene.decide("POST", "/payments", {"booking_id": 3, "others": [3, 3]})) is None
    assert scene.read_targets() == ["/bookings/3"]
    assert scene.x.resources == ('Booking::"3"',)
    assert scene.x.policies == ("pay", "own")


def test_missing_and_forbidden_references_are_one(scene):
    """Whether somebody else's booking exists is not told."""
    forbidden = scene.decide("POST", "/payments", {"booking_id": 3}, who="bob")
    missing = scene.decide("POST", "/payments", {"booking_id": 4}, who="bob")
    scene.records["/bookings/5"] = read({}, status=403)
    hidden = scene.decide("POST", "/payments", {"booking_id": 5}, who="bob")
    assert refusal(forbidden) == refusal(missing) == refusal(hidden)
    assert (forbidden.problem.code, forbidden.problem.status) == ("reference-unknown", 422)
    assert forbidden.problem.pointer == missing.problem.pointer == "/booking_id"


def test_each_item_of_an_array_is_a_reference(scene):
    """One bad id among good ones refuses the request, and says which."""
    scene.records |= {f"/bookings/{n}": read(booking(id_=n)) for n in range(5)}
    scene.records["/bookings/4"] = read(booking(id_=4, customer=8))
    assert code(scene.decide("POST", "/payments", {"others": [0, 1, 2]})) is None
    assert scene.read_targets() == ["/bookings/0", "/bookings/1", "/bookings/2"]
    decision = scene.decide("POST", "/payments", {"others": [0, 4, 1]})
    assert (code(decision), decision.problem.pointer) == ("reference-unknown", "/others/1")


@pytest.mark.parametrize("body", [{}, {"booking_id": None}, {"others": []}, {"amount": 3}])
def test_no_reference_is_read_where_there_is_none(scene, body):
    """Null is no reference."""
    assert code(scene.decide("POST", "/payments", body)) is None
    assert scene.read_targets() == []


def test_references_are_bounded(scene):
    """Each costs a request to the service: one body must not make hundreds."""
    scene.records |= {f"/bookings/{n}": read(booking(id_=n)) for n in range(100)}
    most = list(range(MAX_REFERENCES))
    assert code(scene.decide("POST", "/payments", {"others": most})) is None
    assert code(scene.decide("POST", "/payments", {"others": most * 20})) is None
    decision = scene.decide("POST", "/payments", {"others": [*most, 99]})
    assert code(decision) == "reference-unknown"
    assert scene.read_targets() == []
    assert code(scene.decide("POST", "/payments", {"others": [1] * 20_000})) == "reference-unknown"


@pytest.mark.parametrize("id_", ["..", "../x", "a/b", "a%2Fb", "a;b", "", "3\n", "."])
def test_a_hostile_reference_reads_nothing(tmp_path, id_):
    """A string in a body may be anything; no target is made of it."""
    scene = Scene(tmp_path, wide(), policies=RULES, more='\n[rules]\ninjection = "off"\n')
    decision = scene.decide("POST", "/payments", {"booking_id": id_})
    assert code(decision) == "reference-unknown"
    assert scene.read_targets() == []


def test_a_reference_with_a_question_mark_stays_one_segment(scene):
    """It names a record that does not exist, not another target."""
    decision = scene.decide("POST", "/payments", {"booking_id": "3?x=1"})
    assert code(decision) == "reference-unknown"
    assert scene.read_targets() == ["/bookings/3%3Fx=1"]


def test_text_and_number_are_one_reference(scene):
    """`"3"` and `3` name the same record."""
    assert code(scene.decide("POST", "/payments", {"booking_id": "3"})) is None
    assert code(scene.decide("POST", "/payments", {"booking_id": "03"})) == "reference-unknown"


def test_what_is_known_needs_no_read(scene):
    """Staff may read every booking; a service account may read none."""
    assert code(scene.decide("POST", "/payments", {"booking_id": 4}, who="staff")) is None
    assert scene.read_targets() == []


@pytest.mark.parametrize("answer", [read({}, status=500), read(b"{"), UPSTREAM_TIMEOUT(), False])
def test_a_reference_that_cannot_be_read_refuses(scene, answer):
    """A service that is down is not a missing booking; nothing goes on."""
    scene.records["/bookings/3"] = answer
    assert scene.decide("POST", "/payments", {"booking_id": 3}).problem.status >= 500


def test_a_body_that_was_not_read_refuses(tmp_path):
    """It could refer to anything."""
    scene = Scene(tmp_path, wide(), policies=RULES, more='\n[rules]\nbody = "off"\n')
    assert code(scene.decide("POST", "/payments", {"booking_id": 3})) == "reference-unknown"


def moving():
    """Notes that refer to a booking."""
    made = wide()
    for one in made["paths"]["/notes/{key}"].values():
        if isinstance(one, dict) and "requestBody" in one:
            for media in one["requestBody"]["content"].values():
                if media["schema"]["type"] == "object":
                    media["schema"]["properties"]["booking"] = {
                        "type": "integer",
                        "x-yett-ref": "Booking",
                    }
    return made


@pytest.fixture
def notes(tmp_path):
    scene = Scene(tmp_path, moving(), policies=RULES)
    scene.records |= {
        "/notes/n1": read(note(booking=9)),
        "/bookings/4": read(booking(id_=4, customer=8)),
    }
    return scene


@pytest.mark.parametrize(
    ("body", "read_too"),
    [
        ({"booking": 9}, []),
        ({"title": "x"}, []),
        ({"booking": 3}, ["/bookings/3"]),
    ],
)
def test_what_a_record_referred_to_already_is_not_asked_again(notes, body, read_too):
    """Clients put back what they got; only a new reference is news."""
    assert code(notes.decide("PATCH", "/notes/n1", body, **MERGE)) is None
    assert notes.read_targets() == ["/notes/n1", *read_too]
    assert code(notes.decide("PUT", "/notes/n1", note(**body))) is None


@pytest.mark.parametrize(
    "edit",
    [
        {"op": "replace", "path": "/booking", "value": 4},
        {"op": "add", "path": "/booking", "value": 4},
        {"op": "add", "path": "/BOOKING", "value": 4},
        {"op": "replace", "path": "", "value": {"booking": 4}},
        {"op": "copy", "path": "/booking", "from": "/title"},
        {"op": "move", "path": "/booking", "from": "/title"},
        {"op": "replace", "path": "/booking/x", "value": 4},
        {"op": "Replace", "path": "/booking", "value": 4},
    ],
)
def test_a_json_patch_refers_as_well(notes, edit):
    """Another media type is no way around the rule."""
    assert code(notes.decide("PATCH", "/notes/n1", [edit], **EDIT)) == "reference-unknown"


def test_a_json_patch_that_refers_to_nothing_new_passes(notes):
    """Only the places of references are looked at."""
    edits = [
        {"op": "replace", "path": "/title", "value": "x"},
        {"op": "remove", "path": "/booking"},
    ]
    assert code(notes.decide("PATCH", "/notes/n1", edits, **EDIT)) is None
    edits = [{"op": "replace", "path": "/booking", "value": 3}]
    assert code(notes.decide("PATCH", "/notes/n1", edits, **EDIT)) is None
    assert notes.read_targets() == ["/notes/n1", "/bookings/3"]


REF = {"type": "integer", "x-yett-ref": "Booking"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": REF},
        {"type": "array", "items": {"type": "integer"}, "x-yett-ref": "Booking"},
    ],
)
def test_a_list_of_references_is_one_however_it_is_labelled(tmp_path, schema):
    """In a query or a body, on the array or on its items."""
    made = wide()
    pay = made["paths"]["/payments"]["post"]
    pay["parameters"] = [{"name": "for", "in": "query", "schema": schema}]
    pay["requestBody"]["content"]["application/json"]["schema"]["properties"]["list"] = schema
    scene = Scene(tmp_path, made, policies=RULES)
    scene.records["/bookings/4"] = read(booking(id_=4, customer=8))
    assert code(scene.decide("POST", "/payments?for=3&for=3", {})) is None
    decision = scene.decide("POST", "/payments?for=3&for=4", {})
    assert (code(decision), decision.problem.pointer) == ("reference-unknown", "query/for/1")
    decision = scene.decide("POST", "/payments", {"list": [3, 4]})
    assert (code(decision), decision.problem.pointer) == ("reference-unknown", "/list/1")


def test_observe_lets_go_and_says_so(tmp_path):
    """Nothing is stopped; what would have been is on record."""
    scene = Scene(tmp_path, wide(), policies=RULES, more='\n[rules]\nrecords = "observe"\n')
    assert code(scene.decide("POST", "/payments", {"booking_id": 4})) is None
    assert [one.code for one in scene.x.observed] == ["reference-unknown"]


def test_a_reference_whose_rules_cannot_be_checked_is_refused(tmp_path):
    """What the read does not show is not taken for absent."""
    made = wide()
    listing = made["paths"]["/bookings"]["get"]
    items = listing["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    items["items"]["items"]["properties"]["vip"] = {"type": "boolean"}
    listing["x-yett"]["resource"]["attrs"] = {"vip": "/vip"}
    forbid = '@id("f") forbid(principal, action == Action::"getBooking", resource)'
    forbid += " when { resource has vip && resource.vip };"
    scene = Scene(tmp_path, made, policies=RULES + forbid)
    assert code(scene.decide("POST", "/payments", {"booking_id": 3})) == "reference-unknown"
    assert code(scene.decide("GET", "/bookings/3")) == "not-permitted"
