"""Step 14: what leaves of an answer, to whom, and what is told when the service gives too much."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.deciding import Scene, booking, read
from kit.engine import ENFORCED, operation, program, request
from kit.shop import OWN, document

from yett.engine.answers.success import Success
from yett.engine.exchange import Exchange
from yett.engine.release import WITHOUT, Released, Reply, reading, release
from yett.policy.model import Declared
from yett.terms import Mode

JSON = "application/json"
FULL = {"note": "n", "phone": "+49"}
OBSERVED = '\n[rules]\nrecords = "observe"\nfields = "observe"\nresponse_fields = "observe"\n'
OFF = '\n[rules]\nrecords = "off"\nfields = "off"\nresponse_fields = "off"\n'


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def observing(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("observing"), more=OBSERVED)


def answered(scene, target, value, *, who="ann", method="GET", status=200, **reply):
    """Let a request through and release the service's answer to it."""
    decision = scene.decide(
        method, target, who=who, body={"note": "x"} if method == "PATCH" else None
    )
    assert decision.problem is None, decision.problem
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    media_type = reply.pop("media_type", JSON)
    return release(scene.x, Reply(status, media_type, reply.pop("coded", False), body))


def code(released):
    return released.problem.code if released.problem is not None else None


def seen(released):
    assert released.problem is None
    return json.loads(released.body)


def listing(count, *owners):
    items = [booking(n, owners[n % len(owners)], **FULL) for n in range(count)]
    return {"items": items, "total": count}


def keep_known(value):
    known = isinstance(value, dict)
    return value, tuple("/" + n for n in list(value) if n != "a" and value.pop(n)) if known else ()


@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.OBSERVE])
@pytest.mark.parametrize("media_type", [JSON, "application/problem+json", "", "text/html"])
@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("status", [200, 201, 206])
def test_the_short_way_of_an_unguarded_answer_is_the_long_one(mode, media_type, coded, status):
    """What is only read for undeclared fields leaves as the way with records would let it."""
    declared = Declared({"2XX": keep_known})
    op = operation(declared=declared, modes=ENFORCED | {"response_fields": mode})
    bound = program(op)
    bodies = [
        b"",
        b"{}",
        b'{"a":1}',
        b'{ "a": 1, "b": 2 }',
        b'{"a":1,"a":2}',
        b"[1]",
        b"x",
        b"null",
    ]
    for body in bodies:
        found = []
        for way in (release, lambda x, r: Released(*success(x, r))):
            x = Exchange(bound, request(), None, 0.0)
            x.plan = bound.plans[op.id]
            released = way(x, Reply(status, media_type, coded, body))
            found.append((released, x.observed, x.why))
        assert found[0] == found[1], body


def success(x, reply):
    why = "it is coded" if reply.coded else "it is a part" if reply.status == 206 else ""
    return Success(x, x.plan.checks, reply.status).release(reply.body, reply.media_type, why)


# --- one record ---


def test_an_own_record_leaves_as_the_service_wrote_it(scene):
    """What is allowed and declared is not written anew: the very bytes go out."""
    raw = b'{ "id": 3, "customer_id": 7, "status": "draft", "price": 1e1, "phone": "+49" }'
    released = answered(scene, "/bookings/3", raw)
    assert (released.body, released.events) == (raw, ())
    assert scene.x.resources == ('Booking::"3"',)
    assert scene.x.policies == ("own",)


def test_a_stranger_s_record_is_a_missing_one_and_a_finding(scene):
    """The caller sees what a missing record looks like, operators that the service leaks."""
    released = answered(scene, "/bookings/3", booking(3, 8))
    assert (code(released), released.body) == ("no-such-record", b"")
    (event,) = released.events
    assert (event.kind, event.code, event.step) == ("finding", "record-leaked", 14)
    assert event.resources == ('Booking::"3"',)
    assert event.why == ("`own`: `resource.customer == principal` is false",)
    assert event.upstream_status == 200
    assert event.principal == "7"


@pytest.mark.parametrize("status", [403, 404, 410])
def test_missing_and_forbidden_are_one_answer(scene, status):
    """However the service says it, and whoever asks, the refusal is the same in all its parts."""
    denied = answered(scene, "/bookings/3", booking(3, 8)).problem
    said = answered(scene, "/bookings/3", {"error": "not yours"}, status=status).problem
    written = answered(scene, "/bookings/3", {"e": 1}, method="DELETE", status=status).problem
    for one in (said, written):
        told = (one.kind, one.detail, one.headers, one.pointer, one.members)
        assert told == (denied.kind, denied.detail, denied.headers, denied.pointer, denied.members)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"id": 3},
        {"id": 3, "customer_id": None},
        {"id": 3, "customer_id": [7]},
        {"id": 3, "customer_id": 7.0},
        {"id": 3, "customer_id": True},
        {"id": 3, "customer_id": {"id": 7}},
        {"data": booking(3, 7)},
        [booking(3, 7)],
        [],
        None,
        "text",
        7,
    ],
)
def test_a_record_that_does_not_show_what_rules_ask_is_refused(scene, value):
    """No attribute is guessed: absent, null and another type are all refused, as if it were gone."""
    assert code(answered(scene, "/bookings/3", value)) == "no-such-record"


HOSTILE = {
    "not JSON": b"<html>",
    "cut off": b'{"id": 3, "customer_id": 7',
    "two values": b'{"id":3,"customer_id":7}{"id":3}',
    "a member twice": b'{"id":3,"customer_id":8,"customer_id":7,"status":"draft","price":1}',
    "a member twice, escaped": b'{"id":3,"customer_id":8,"customer\\u005fid":7}',
    "nested deeply": b'{"id":3,"customer_id":7,"x":' + b"[" * 200 + b"]" * 200 + b"}",
    "nested absurdly": b"[" * 100_000 + b"]" * 100_000,
    "not a number": b'{"id":3,"customer_id":7,"price":NaN}',
    "infinite": b'{"id":3,"customer_id":7,"price":Infinity}',
    "UTF-16": json.dumps(booking(3, 7)).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(booking(3, 7)).encode(),
    "half a surrogate": b'{"id":3,"customer_id":7,"note":"\\ud800"}',
    "not UTF-8": b'{"id":3,"customer_id":7,"note":"\xff"}',
    "a comment": b'{"id":3,"customer_id":7}//',
    "empty": b"",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bodies_are_refused(scene, raw):
    """What has no reading, or more than one, is not checked and does not leave."""
    released = answered(scene, "/bookings/3", raw)
    assert (code(released), released.body) == ("no-such-record", raw or b"")
    if raw:
        released = answered(scene, "/bookings", raw)
        assert (code(released), released.problem.status) == ("answer-uncheckable", 502)


def test_huge_numbers_stay_what_they_are(scene):
    """An integer beyond 64 bits is not rounded when the rest is written anew."""
    raw = b'{"id":3,"customer_id":7,"status":"draft","price":123456789012345678901234567890,"z":1}'
    assert answered(scene, "/bookings/3", raw).body == raw.replace(b',"z":1', b"")


@pytest.mark.parametrize(
    "reply",
    [{"coded": True}, {"status": 206}, {"media_type": "text/csv"}, {"media_type": "image/png"}],
)
def test_what_cannot_be_read_does_not_leave(scene, reply):
    """Coded, partial and other media types hide the record from its rules."""
    released = answered(scene, "/bookings/3", booking(3, 7), **reply)
    assert code(released) == "no-such-record"
    assert "cannot be read" in released.problem.note
    assert code(answered(scene, "/bookings", listing(1, 7), **reply)) == "answer-uncheckable"


@pytest.mark.parametrize(
    "status", [301, 302, 303, 304, 307, 402, 405, 406, 409, 412, 416, 423, 451]
)
def test_no_status_tells_of_a_record_that_is_not_decided_on(scene, status):
    """`406` is for what is there, `412` for what was changed, a redirection says where it is."""
    released = answered(scene, "/bookings/3", {"owner": 8}, status=status)
    assert (code(released), released.problem.note) == (
        "no-such-record",
        f"the service answered {status}",
    )
    assert reading(scene.x, status, "text/plain") is Mode.ENFORCE


@pytest.mark.parametrize("status", [400, 401, 413, 415, 422, 429])
def test_what_a_service_says_of_the_request_is_said(scene, status):
    """Who asked in a wrong way is told so."""
    assert answered(scene, "/bookings/3", {"e": 1}, status=status).problem is None


def test_a_redirection_has_no_body(scene):
    """It could show a record that nobody looked at."""
    released = answered(scene, "/bookings", booking(3, 8), status=302)
    assert (released.problem, released.body) == (None, b"")


def test_not_modified_is_no_answer(scene):
    """Nobody asked with a condition; it would tell a stranger that the record is there."""
    assert code(answered(scene, "/bookings/3", b"", status=304)) == "no-such-record"
    assert code(answered(scene, "/bookings", b"", status=304)) == "answer-uncheckable"
    decision = scene.decide("GET", "/bookings/3", if_none_match=b'"1"')
    assert decision.forward.without == WITHOUT | {b"if-match", b"if-unmodified-since"}
    changed = scene.decide("PATCH", "/bookings/3", body={"note": "x"})
    assert changed.forward is None or b"if-match" not in changed.forward.without


def test_the_record_counts_not_the_address(scene):
    """A service that answers with another record than it was asked for is decided on that one."""
    released = answered(scene, "/bookings/3", booking(4, 8))
    assert released.events[0].resources == ('Booking::"4"',)


# --- lists ---


def test_a_list_is_filtered_in_order(scene):
    """Strangers' items go, the rest keeps its order, declared totals are lowered."""
    left = seen(answered(scene, "/bookings", listing(9, 7, 8, 9)))
    assert [item["id"] for item in left["items"]] == [0, 3, 6]
    assert left["total"] == 3
    assert scene.x.resources == tuple(f'Booking::"{n}"' for n in (0, 3, 6))
    assert scene.x.policies == ("own",)


def test_a_filtered_list_is_a_finding(scene):
    """The first few records are named, all are counted, the first denial is explained."""
    (event,) = answered(scene, "/bookings", listing(100, 8)).events
    assert len(event.resources) == 21
    assert event.resources[-1] == "and 80 more"
    assert event.note == "the service gave 100 records beyond its caller's"
    assert event.why == ("`own`: `resource.customer == principal` is false",)
    assert scene.x.why == ()


def test_thousands_of_items(scene):
    """A long list is filtered item by item, whatever its length."""
    left = seen(answered(scene, "/bookings", listing(5000, 7, 8)))
    assert (len(left["items"]), left["total"]) == (2500, 2500)
    assert all(item["customer_id"] == 7 for item in left["items"])
    assert len(scene.x.resources) == 21


def test_an_item_that_cannot_be_read_is_left_out(scene):
    """One broken record does not close the list for all others, and is no way past the rules."""
    items = [booking(1, 7), {"id": 2}, None, 7, [], {"customer_id": True}, booking(3, 7)]
    released = answered(scene, "/bookings", {"items": items, "total": 7})
    assert [item["id"] for item in seen(released)["items"]] == [1, 3]
    assert "5 do not show what the rules ask for" in released.events[0].note


def test_an_item_without_a_name_is_no_way_past_a_rule_on_names(tmp_path):
    """A `forbid` of one record by its id holds for an item that hides its id."""
    rules = """
    @id("all") permit(principal, action in Action::"tag:bookings", resource);
    @id("not-5") forbid(principal, action, resource == Booking::"5");
    """
    scene = Scene(tmp_path, policies=rules)
    items = [booking(4), booking(5), {**booking(), "id": None}, {**booking(), "id": [5]}]
    left = seen(answered(scene, "/bookings", {"items": items, "total": 4}))
    assert [item["id"] for item in left["items"]] == [4]


@pytest.mark.parametrize("value", [{}, {"items": {}}, {"items": "x"}, {"data": []}, [], 7])
def test_a_list_somewhere_else_is_refused(scene, value):
    """Records could be anywhere in it."""
    assert code(answered(scene, "/bookings", value)) == "answer-uncheckable"


@pytest.mark.parametrize("items", [[], None])
def test_an_empty_list_is_fine(scene, items):
    """Nothing is shown, nothing is decided."""
    assert seen(answered(scene, "/bookings", {"items": items, "total": 0}))["items"] == items


@pytest.mark.parametrize("total", ["9", 9.5, None, True, {}])
def test_a_total_of_another_kind_stays(scene, total):
    """Only whole numbers are lowered."""
    value = {**listing(2, 7, 8), "total": total}
    assert seen(answered(scene, "/bookings", value))["total"] == total


def test_a_strict_list_is_refused_whole(tmp_path):
    """One denied record is enough; a list of own records still leaves."""
    made = document()
    made["paths"]["/bookings"]["get"]["x-yett"]["resource"]["strict"] = True
    scene = Scene(tmp_path, made)
    assert code(answered(scene, "/bookings", listing(3, 7, 8))) == "not-permitted"
    assert len(seen(answered(scene, "/bookings", listing(3, 7)))["items"]) == 3


def test_a_list_at_the_root(tmp_path):
    """The answer is the array itself."""
    made = document()
    get = made["paths"]["/bookings"]["get"]
    content = get["responses"]["200"]["content"]["application/json"]
    content["schema"] = content["schema"]["properties"]["items"]
    get["x-yett"]["resource"] = {"type": "Booking", "items": ""}
    scene = Scene(tmp_path, made)
    left = seen(answered(scene, "/bookings", listing(4, 7, 8)["items"]))
    assert [item["id"] for item in left] == [0, 2]


# --- field classes ---


def test_a_class_is_hidden_from_who_may_not_see_it(scene):
    """Staff may read every booking, but nobody's phone."""
    left = seen(answered(scene, "/bookings/3", booking(3, 8, **FULL), who="staff"))
    assert left == booking(3, 8, note="n")
    assert scene.x.why == ("hidden from the caller: pii",)
    left = seen(answered(scene, "/bookings", listing(4, 7, 8), who="staff"))
    assert [item.get("phone") for item in left["items"]] == [None] * 4


def test_a_class_is_decided_per_record(tmp_path):
    """In one list the caller's own records show what others' do not."""
    everybody = OWN + '@id("all") permit(principal, action == Action::"listBookings", resource);'
    scene = Scene(tmp_path, policies=everybody)
    left = seen(answered(scene, "/bookings", listing(4, 7, 8)))
    assert [item.get("phone") for item in left["items"]] == ["+49", None, "+49", None]


@pytest.mark.parametrize(
    ("hidden", "left"), [("drop", {}), ("null", {"phone": None}), ("mask", {"phone": "***"})]
)
def test_ways_of_hiding(tmp_path, hidden, left):
    """A hidden field is absent, null or masked, as the contract says."""
    scene = Scene(tmp_path, more=f'\n[authz]\nhidden = "{hidden}"\n')
    given = booking(3, 8, phone="+49")
    assert seen(answered(scene, "/bookings/3", given, who="staff")) == booking(3, 8, **left)


def test_the_answer_to_a_write_shows_no_more_than_a_read(scene):
    """A field that the caller may not read does not come back from a change."""
    released = answered(scene, "/bookings/3", booking(3, 7, **FULL), who="staff", method="PATCH")
    assert seen(released) == booking(3, 7, note="n")


def test_a_write_that_answers_little_falls_back_on_the_record_read_before(scene):
    """The record was read for the decision; what it says of its owner still holds."""
    released = answered(scene, "/bookings/3", {"id": 3, "phone": "+49"}, method="PATCH")
    assert seen(released) == {"id": 3, "phone": "+49"}


def test_a_class_in_what_cannot_be_read_does_not_leave(tmp_path):
    """A CSV of the same records would show the phone that the JSON hides."""
    made = document()
    get = made["paths"]["/bookings/{id}"]["get"]
    get["responses"]["200"]["content"]["text/csv"] = {}
    scene = Scene(tmp_path, made, policies='@id("all") permit(principal, action, resource);')
    released = answered(scene, "/bookings/3", b"3;7;+49", media_type="text/csv")
    assert code(released) is None, "everybody may see everything"
    scene = Scene(
        tmp_path / "b",
        made,
        policies='@id("all") permit(principal, action in Action::"tag:bookings", resource);',
    )
    released = answered(scene, "/bookings/3", b"3;7;+49", media_type="text/csv")
    assert code(released) == "answer-uncheckable"


# --- undeclared fields ---


def test_what_the_contract_does_not_declare_does_not_leave(scene):
    """An internal field that the service sends along is left out, at any depth."""
    value = listing(2, 7)
    value["items"][0]["margin"] = 3
    value["debug"] = {"sql": "select"}
    left = seen(answered(scene, "/bookings", value))
    assert left == listing(2, 7)
    assert scene.x.why == ("left out as undeclared: /debug, /items/*/margin",)


def test_a_refusal_of_the_service_goes_through_its_schema(tmp_path):
    """A declared error keeps what is declared; one without a schema is the service's own."""
    made = document()
    schema = {"type": "object", "properties": {"title": {}}}
    content = {"application/problem+json": {"schema": schema}}
    made["paths"]["/bookings/{id}"]["patch"]["responses"]["4XX"] = {
        "description": "no",
        "content": content,
    }
    scene = Scene(tmp_path, made)
    said = {"title": "no", "stack": "…"}
    media_type = "application/problem+json"
    released = answered(
        scene, "/bookings/3", said, method="PATCH", status=409, media_type=media_type
    )
    assert seen(released) == {"title": "no"}
    released = answered(scene, "/bookings", said, status=409)
    assert seen(released) == said
    released = answered(scene, "/bookings/3", b"plain", method="PATCH", status=409)
    assert released.body == b"plain"


# --- machines and what is learned ---


def test_a_broken_machine_is_a_finding_and_the_answer_leaves(scene):
    """After `confirm` the booking must be confirmed; that it is not is the service's fault."""
    scene.records["/bookings/3"] = read(booking(3, 7))
    good = answered(scene, "/bookings/3/confirm", booking(3, 7, "confirmed"), method="POST")
    assert good.events == ()
    bad = answered(scene, "/bookings/3/confirm", booking(3, 7, "draft"), method="POST")
    (event,) = bad.events
    assert (event.code, event.verdict) == ("machine-broken", "allow")
    assert event.note == "the service broke the machine: the record should be `confirmed`"
    assert bad.problem is None
    silent = answered(scene, "/bookings/3/confirm", {"id": 3}, method="POST")
    assert (silent.problem, silent.events) == (None, ())


def test_shown_records_are_learned(tmp_path):
    """Ids of lists, reads and new records count as seen by the caller; denied ones do not."""
    made = document()
    made["paths"]["/bookings/{id}"]["get"]["x-yett"]["resource"]["closed"] = True
    scene = Scene(tmp_path, made)
    answered(scene, "/bookings", listing(4, 7, 8))
    who = 'User::"7"'
    assert scene.view.shown == {(who, 'Booking::"0"'), (who, 'Booking::"2"')}
    answered(scene, "/bookings/2", booking(2, 7))
    assert scene.decide("GET", "/bookings/3").problem.code == "no-such-record"
    decision = scene.decide("POST", "/bookings", body={"note": "x"})
    assert decision.problem is None
    release(scene.x, Reply(201, JSON, False, json.dumps(booking(9, 7)).encode()))
    assert (who, 'Booking::"9"') in scene.view.shown


# --- modes ---


def test_observing_changes_nothing(observing):
    """Every byte leaves; what would have been refused or left out stands in the record."""
    raw = json.dumps({**booking(3, 8, **FULL), "margin": 1}).encode()
    released = answered(observing, "/bookings/3", raw)
    assert (released.body, released.problem) == (raw, None)
    codes = [problem.code for problem in observing.x.observed]
    assert codes == ["no-such-record", "field-not-permitted", "answer-undeclared"]
    assert [event.verdict for event in released.events] == ["allow"]
    raw = json.dumps(listing(4, 7, 8)).encode()
    released = answered(observing, "/bookings", raw)
    assert released.body == raw
    assert [p.code for p in observing.x.observed] == ["no-such-record", "field-not-permitted"]


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_observing_lets_what_it_cannot_read_go(observing, raw):
    """What would be refused is noted once."""
    released = answered(observing, "/bookings/3", raw)
    assert (released.body, released.problem) == (raw, None)
    assert [p.code for p in observing.x.observed] == ["answer-uncheckable"]


@pytest.mark.parametrize("status", [302, 304, 403, 404, 410])
def test_observing_keeps_the_service_s_own_refusals(observing, status):
    """Status and body are the service's."""
    released = answered(observing, "/bookings/3", b"{}", status=status)
    assert (released.body, released.problem) == (b"{}", None)


def test_observing_asks_as_the_client_did(observing):
    """No field of the client is taken away."""
    assert observing.decide("GET", "/bookings/3", range=b"bytes=0-1").forward.without == frozenset()


def test_fields_are_hidden_where_records_only_observe(tmp_path):
    """Each rule has its own mode: an item that leaves by observation shows no class."""
    scene = Scene(tmp_path, more='\n[rules]\nrecords = "observe"\nresponse_fields = "observe"\n')
    value = listing(4, 7, 8)
    value["items"][1]["margin"] = 1
    left = seen(answered(scene, "/bookings", value))
    assert [item.get("phone") for item in left["items"]] == ["+49", None, "+49", None]
    assert left["items"][1]["margin"] == 1
    assert left["total"] == 4


def test_rules_that_are_off_read_nothing(tmp_path):
    """Then no answer is collected."""
    scene = Scene(tmp_path, more=OFF)
    assert not any(plan.whole for plan in scene.program.plans.values())
    raw = json.dumps(booking(3, 8, margin=1)).encode()
    assert answered(scene, "/bookings/3", raw).body == raw
    assert reading(scene.x, 200, JSON) is Mode.OFF


# --- which answers are read ---


def test_what_the_head_tells(scene):
    """The adapter collects what a rule must read, and only that."""
    scene.decide("GET", "/bookings/3")
    for status, media_type, mode in (
        (200, JSON, Mode.ENFORCE),
        (200, "text/csv", Mode.ENFORCE),
        (302, "", Mode.ENFORCE),
        (404, JSON, Mode.ENFORCE),
        (409, JSON, Mode.ENFORCE),
        (422, JSON, Mode.OBSERVE),
        (422, "text/plain", Mode.OFF),
        (500, JSON, Mode.OFF),
    ):
        assert reading(scene.x, status, media_type) is mode, (status, media_type)
    scene.decide("GET", "/health")
    assert reading(scene.x, 200, JSON) is Mode.OFF


@pytest.mark.parametrize("media_type", ["application/xml", "text/html", "text/json", "a/x-json"])
def test_another_type_is_no_way_past_what_is_declared(tmp_path, media_type):
    """Where nothing but JSON is declared, `Accept: application/xml` brings no undeclared field."""
    made = document()
    made["paths"]["/health"]["get"]["responses"]["200"]["content"][JSON]["schema"] = {
        "properties": {"up": {}}
    }
    scene = Scene(tmp_path, made)
    for body in (b'{"up":1,"host":"x"}', b"<health><host>x</host></health>"):
        released = answered(scene, "/health", body, media_type=media_type)
        assert code(released) == "answer-uncheckable" or b"host" not in released.body
        assert reading(scene.x, 200, media_type) is Mode.ENFORCE


def test_downloads_are_not_read_for_undeclared_fields(tmp_path):
    """Where only undeclared fields matter, other media types that are declared go as they come."""
    made = document()
    made["paths"]["/health"]["get"]["responses"]["200"]["content"] = {
        JSON: {"schema": {"properties": {"up": {}}}},
        "text/csv": {},
    }
    scene = Scene(tmp_path, made)
    scene.decide("GET", "/health")
    assert reading(scene.x, 200, JSON) is Mode.ENFORCE
    assert reading(scene.x, 200, "application/pdf") is Mode.OFF
    assert answered(scene, "/health", b"%PDF", media_type="application/pdf").body == b"%PDF"
    assert seen(answered(scene, "/health", {"up": 1, "host": "x"})) == {"up": 1}
    assert code(answered(scene, "/health", b"{")) == "answer-uncheckable"
    assert answered(scene, "/health", b"ok", media_type="").body == b"ok"


# --- whatever the service answers ---

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["items", "id", "customer_id", "total", "phone", "status", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    value=VALUES | st.binary(max_size=20),
    status=st.sampled_from([200, 201, 204, 206, 301, 304, 400, 404, 409, 500]),
    target=st.sampled_from(["/bookings", "/bookings/3"]),
    media_type=st.sampled_from([JSON, "application/hal+json", "text/plain", ""]),
    coded=st.booleans(),
)
def test_no_answer_makes_it_raise_or_leak(scene, value, status, target, media_type, coded):
    """Whatever comes back, the outcome is a value, and no record of a stranger is in it."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    released = answered(scene, target, raw, status=status, media_type=media_type, coded=coded)
    if released.problem is None and status < 300 and released.body:
        left = json.loads(released.body)
        records = left["items"] or [] if target == "/bookings" else [left]
        assert all(record["customer_id"] in (7, "7") for record in records)
