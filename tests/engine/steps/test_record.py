"""Step 11, record: each place where rules are checked, and what a caller learns from a denial."""

from __future__ import annotations

import pytest
from kit.deciding import RULES, Scene, booking, person, read, wide
from kit.shop import ID, ONE, OWN, answer, document, operation

from yett.engine.questions import LockRecord, ReadBody, ReadRecord
from yett.policy.authz.model import Place
from yett.problems import UPSTREAM_TIMEOUT

BEFORE = """
@id("staff")
permit(principal in Role::"staff", action in Action::"tag:bookings", resource);
@id("self")
permit(principal is User, action == Action::"getBooking", resource == Booking::"3");
"""
STAFF_ONLY = """
@id("staff")
permit(principal in Role::"staff", action in Action::"tag:bookings", resource);
"""
MODES = '\n[rules]\nrecords = "{}"\n'


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def refusal(decision):
    """Everything a client can tell two refusals apart by."""
    problem = decision.problem
    return (problem.kind, problem.detail, problem.headers, problem.pointer, problem.members)


def code(decision):
    return decision.problem.code if decision.problem is not None else None


def test_a_rule_that_reads_no_record_asks_nothing(tmp_path):
    """The common path: no question, no task."""
    scene = Scene(tmp_path, policies=STAFF_ONLY)
    assert code(scene.decide("GET", "/bookings/3", who="staff")) is None
    assert scene.asked == []
    assert scene.x.resources == ('Booking::"3"',)
    assert scene.x.policies == ("staff",)


def test_a_denial_for_every_record_is_a_403(tmp_path):
    """Nobody learns anything of a record from it, so it says what it is."""
    scene = Scene(tmp_path, policies=STAFF_ONLY)
    decision = scene.decide("GET", "/bookings/3")
    assert (decision.step, code(decision)) == (11, "not-permitted")
    assert scene.x.why


def test_a_denial_by_the_records_name_looks_like_a_missing_record(tmp_path):
    """Who may see one record does not learn which others there are."""
    scene = Scene(tmp_path, policies=BEFORE)
    assert code(scene.decide("GET", "/bookings/3")) is None
    assert code(scene.decide("GET", "/bookings/4")) == "no-such-record"


def test_an_operation_about_no_record_is_about_its_api(tmp_path):
    """A rule may name the api; a denial is a 403."""
    rule = '@id("h") permit(principal, action == Action::"getHealth", resource == Api::"shop")'
    rule += ' when { principal.id == "8" };'
    scene = Scene(tmp_path, policies=OWN + rule)
    assert code(scene.decide("GET", "/health", who="bob")) is None
    assert code(scene.decide("GET", "/health", who="ann")) == "not-permitted"
    assert scene.x.resources == ()


def test_a_safe_method_is_decided_on_the_answer(scene):
    """What cannot be known yet is not asked twice; the answer must come whole."""
    decision = scene.decide("GET", "/bookings/3", if_none_match=b'"x"')
    assert code(decision) is None
    assert scene.asked == []
    assert scene.x.granted is False
    assert {b"if-none-match", b"range", b"accept-encoding"} <= decision.forward.without


def test_a_permission_known_before_needs_no_answer(scene):
    """Staff may read every booking."""
    assert code(scene.decide("GET", "/bookings/3", who="staff")) is None
    assert scene.x.granted is True
    assert scene.x.policies == ("staff",)
    assert code(scene.decide("GET", "/bookings", who="staff")) is None
    assert scene.x.granted is True


def test_a_denial_known_before_never_reaches_the_service(scene):
    """No rule could permit a service account; the service is not asked."""
    scene.people["robot"] = person("r", kind="service")
    assert code(scene.decide("GET", "/bookings/3", who="robot")) == "not-permitted"
    assert code(scene.decide("GET", "/bookings", who="robot")) == "not-permitted"
    assert code(scene.decide("DELETE", "/bookings/3", who="robot")) == "not-permitted"
    assert scene.asked == []


def test_a_list_whose_rules_name_records_waits_for_its_items(tmp_path):
    """Each item has its own name; there is none to foresee by."""
    rule = (
        '@id("one") permit(principal, action == Action::"listBookings", resource in Booking::"3");'
    )
    scene = Scene(tmp_path, policies=rule)
    assert code(scene.decide("GET", "/bookings")) is None
    assert scene.x.granted is False


def test_a_write_is_decided_on_the_record_as_it_is(scene):
    """Body, lock, read: in this order, each once."""
    decision = scene.decide("PATCH", "/bookings/3", {"note": "x"})
    assert code(decision) is None
    assert [type(one) for one in scene.asked] == [ReadBody, LockRecord, ReadRecord]
    assert scene.asked[1].key == 'Booking::"3"'
    assert scene.asked[2] == ReadRecord("shop", "/bookings/3", 1 << 20)
    assert scene.x.record == booking()
    assert scene.x.policies == ("own",)


def test_missing_and_forbidden_are_the_same_refusal(scene):
    """Same status, same body, same fields: existence does not leak."""
    scene.records["/bookings/5"] = read({}, status=403)
    denied = scene.decide("PATCH", "/bookings/3", {"note": "x"}, who="bob")
    missing = scene.decide("PATCH", "/bookings/4", {"note": "x"}, who="bob")
    hidden = scene.decide("PATCH", "/bookings/5", {"note": "x"}, who="bob")
    assert refusal(denied) == refusal(missing) == refusal(hidden)
    assert denied.problem.status == 404
    assert denied.problem.note != missing.problem.note


def test_a_denial_says_why_to_operators_only(scene):
    """The clause goes to the record, not to the client."""
    decision = scene.decide("PATCH", "/bookings/3", {"note": "x"}, who="bob")
    assert "resource.customer == principal" in decision.problem.note
    assert "resource.customer == principal" in scene.x.why[0]
    assert "customer" not in decision.problem.detail


def test_a_permission_known_before_needs_no_read_but_its_turn(scene):
    """A write of the same record waits all the same: it could change what another decided on."""
    assert code(scene.decide("DELETE", "/bookings/3", who="staff")) is None
    assert scene.read_targets() == ["/bookings/3"]  # its state matters
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"}, who="staff")) is None
    assert [type(one) for one in scene.asked] == [ReadBody, LockRecord]


def test_a_write_without_a_reading_rule_waits_its_turn_too(tmp_path):
    """What is decided by the caller alone still locks a record whose state others rely on."""
    policies = (
        STAFF_ONLY + '@id("any") permit(principal, action == Action::"changeBooking", resource);'
    )
    made = document()
    del made["paths"]["/bookings/{id}"]["patch"]["requestBody"]
    scene = Scene(tmp_path, made, policies=policies)
    assert code(scene.decide("PATCH", "/bookings/3")) is None
    assert scene.asked == [LockRecord('Booking::"3"')]


def test_a_busy_record_is_told_so(scene):
    """Whom the rules permit waits, and may come again; it was read once, to know that."""
    scene.free = False
    decision = scene.decide("PATCH", "/bookings/3", {"note": "x"})
    assert (code(decision), decision.problem.status) == ("record-busy", 503)
    assert dict(decision.problem.headers)[b"retry-after"] == b"1"
    key = 'Booking::"3"'
    locks = [one for one in scene.asked if isinstance(one, LockRecord)]
    assert locks == [LockRecord(key, wait=False), LockRecord(key)]
    assert scene.read_targets() == ["/bookings/3"]


def test_who_may_not_do_it_does_not_wait_for_it(scene):
    """A stranger who knows an id cannot fill the queue of those who write the record."""
    scene.free = False
    decision = scene.decide("PATCH", "/bookings/3", {"note": "x"}, who="bob")
    assert code(decision) == "no-such-record"
    assert [one.wait for one in scene.asked if isinstance(one, LockRecord)] == [False]
    scene.records["/bookings/3"] = read(booking(status="confirmed"))
    decision = scene.decide("POST", "/bookings/3/confirm")
    assert code(decision) == "wrong-state"
    assert [one.wait for one in scene.asked if isinstance(one, LockRecord)] == [False]
    del scene.records["/bookings/3"]
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"})) == "no-such-record"


@pytest.mark.parametrize(
    "answer",
    [
        read({}, status=500),
        read(b"{"),
        read(booking(status=None)),
        read(booking(status=3)),
        read({"id": 3}),
        read(booking(), media_type="text/html"),
        UPSTREAM_TIMEOUT(),
        False,
    ],
)
def test_a_record_that_cannot_be_read_refuses(scene, answer):
    """Fail closed: 502 or what the adapter says, never a write."""
    scene.records["/bookings/3"] = answer
    decision = scene.decide("POST", "/bookings/3/confirm")
    assert decision.problem.status in {502, 504}
    assert decision.forward is None


def test_the_answer_must_be_the_record_asked_for(scene):
    """An alias that shows the caller's own record permits no write to another."""
    scene.records["/bookings/4"] = read(booking(id_=3))
    assert code(scene.decide("PATCH", "/bookings/4", {"note": "x"})) == "no-such-record"


@pytest.mark.parametrize("key", [".", "..", "%2e%2e", "a%2Fb", "a;b", "a\\b", "a\nb", "x" * 600])
def test_a_hostile_id_reads_no_record(tmp_path, key):
    """Also an id that the wire would have let through has no place in a target."""
    scene = Scene(tmp_path, wide(), policies=RULES)
    decision = scene.decide("PUT", f"/notes/{key}", {"key": "n1", "owner": "7"})
    assert code(decision) == "no-such-record"
    assert scene.read_targets() == []


@pytest.mark.parametrize(
    ("etag", "headers", "extra"),
    [
        (b'"v1"', {}, b'if-match: "v1"\r\n'),
        (b"", {}, b""),
        (b'W/"v1"', {}, b""),
        (b'"v1"\r\nx: y', {}, b""),
        (b'"' + b"x" * 300 + b'"', {}, b""),
        (b'"v1"', {"if_match": b'"v0"'}, b""),
        (b'"v1"', {"if_match": b'W/"v1"'}, b""),
        (b'"v1"', {"if_match": b"*"}, b'if-match: "v1"\r\n'),
        (b'"v1"', {"if_match": b'"v0",\t"v1" , "v2"'}, b'if-match: "v1"\r\n'),
        (b'"v1"', {"if_unmodified_since": b"Sat, 29 Oct 2094 19:43:31 GMT"}, b'if-match: "v1"\r\n'),
        (b'"v1"', {"if_unmodified_since": b"yesterday"}, b'if-match: "v1"\r\n'),
        (b'"v1"', {"if_unmodified_since": b"Sat, 29 Oct 1994 19:43:31 GMT"}, b""),
    ],
)
def test_the_write_depends_on_the_record_that_was_decided_on(scene, etag, headers, extra):
    """A strong ETag becomes If-Match; a client's own condition stays where it is as strict."""
    scene.records["/bookings/3"] = read(booking(), etag)
    decision = scene.decide("PATCH", "/bookings/3", {"note": "x"}, **headers)
    assert decision.forward.extra == extra


def test_the_tag_of_one_target_is_no_condition_on_another(scene):
    """`/bookings/3/confirm` has no representation: If-Match would always fail (RFC 9110 s13.1.1)."""
    scene.records["/bookings/3"] = read(booking(), b'"v1"')
    decision = scene.decide("POST", "/bookings/3/confirm")
    assert decision.forward.extra == b""
    assert scene.asked[0] == LockRecord('Booking::"3"', wait=False)


def test_after_a_412_the_new_record_is_decided_on(scene):
    """Read again, decided again; the lock is still held, the body was read."""
    scene.records["/bookings/3"] = read(booking(), b'"v1"')
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"})) is None
    scene.records["/bookings/3"] = read(booking(), b'"v2"')
    decision = scene.again()
    assert decision.forward.extra == b'if-match: "v2"\r\n'
    assert decision.forward.body == b'{"note": "x"}'
    assert [type(one) for one in scene.asked] == [ReadRecord]


def test_after_a_412_the_new_record_may_be_somebody_elses(scene):
    """What was true of the old record does not hold for the new one."""
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"})) is None
    scene.records["/bookings/3"] = read(booking(customer=8))
    assert code(scene.again()) == "no-such-record"


def test_a_safe_method_may_have_to_read_first(tmp_path):
    """A receipt does not say whose it is; reading takes no lock and sets no condition."""
    made = document()
    responses = {"200": {"description": "ok", "content": {"application/pdf": {}}}}
    receipt = operation("getReceipt", responses, resource=ONE)
    made["paths"]["/bookings/{id}/receipt"] = {"parameters": ID, "get": receipt}
    scene = Scene(tmp_path, made)
    scene.records["/bookings/3"] = read(booking(), b'"v1"')
    decision = scene.decide("GET", "/bookings/3/receipt")
    assert code(decision) is None
    assert decision.forward.extra == b""
    assert scene.asked == [ReadRecord("shop", "/bookings/3", 1 << 20)]
    assert code(scene.decide("GET", "/bookings/3/receipt", who="bob")) == "no-such-record"


def test_a_wrong_state_says_what_is_possible(scene):
    """409 with the state and what this caller may do now, where only the state forbids."""
    scene.records["/bookings/3"] = read(booking(status="confirmed"))
    decision = scene.decide("POST", "/bookings/3/confirm")
    assert (code(decision), decision.problem.status) == ("wrong-state", 409)
    assert dict(decision.problem.members) == {
        "current": "confirmed",
        "allowed_operations": ["deleteBooking"],
    }
    assert scene.x.policies == ("state:confirmBooking",)


def test_a_stranger_learns_no_state(scene):
    """Who may not see the record is told that there is none, whatever its state."""
    scene.records["/bookings/3"] = read(booking(status="confirmed"))
    denied = scene.decide("POST", "/bookings/3/confirm", who="bob")
    scene.records.clear()
    missing = scene.decide("POST", "/bookings/3/confirm", who="bob")
    assert refusal(denied) == refusal(missing)


def test_a_rule_of_the_team_beside_the_state_is_a_404(tmp_path):
    """Only where nothing but the state forbids is the state told."""
    forbid = (
        '@id("frozen") forbid(principal, action, resource is Booking) when { resource.price > 5 };'
    )
    scene = Scene(tmp_path, policies=OWN + forbid)
    scene.records["/bookings/3"] = read(booking(status="confirmed"))
    assert code(scene.decide("POST", "/bookings/3/confirm")) == "no-such-record"


def test_a_new_record_is_decided_on_its_body(tmp_path):
    """Attributes are those that the client sends; a denial hides nothing."""
    rule = '@id("c") permit(principal is User, action == Action::"createBooking", resource)'
    rule += ' when { resource has status && resource.status == "draft" };'
    scene = Scene(tmp_path, policies=OWN.replace("createBooking", "getHealth") + rule)
    assert code(scene.decide("POST", "/bookings", {"status": "draft"})) is None
    assert code(scene.decide("POST", "/bookings", {"status": "confirmed"})) == "not-permitted"
    assert code(scene.decide("POST", "/bookings", {"note": "x"})) == "not-permitted"
    assert scene.x.resources == ()


@pytest.mark.parametrize("who", ["ann", "staff"])
def test_a_forbid_on_a_new_record_is_not_escaped_by_hiding_it(tmp_path, who):
    """A body that is not read shows nothing, so it is refused instead of being empty."""
    forbid = '@id("f") forbid(principal, action == Action::"createBooking", resource)'
    forbid += ' when { resource has note && resource.note == "bad" };'
    scene = Scene(tmp_path, policies=OWN + forbid, more='\n[rules]\nbody = "off"\n')
    assert code(scene.decide("POST", "/bookings", {"note": "bad"}, who=who)) == "not-permitted"
    assert scene.asked == []


def test_rules_that_cannot_be_checked_refuse_everybody(tmp_path):
    """A `forbid` reads what a new booking does not show: nobody passes."""
    rule = '@id("x") forbid(principal, action == Action::"createBooking", resource)'
    rule += " when { resource.price > 1 };"
    scene = Scene(tmp_path, policies=OWN + rule)
    for who in ("ann", "staff"):
        decision = scene.decide("POST", "/bookings", {"note": "x"}, who=who)
        assert code(decision) == "not-permitted"
        assert "yett check" in decision.problem.note


def test_who_cannot_be_judged_is_denied(tmp_path):
    """A required claim is absent: denied even where a rule permits everybody."""
    claim = '\n[principal.attributes]\nlevel = {claim = "level", type = "Long", required = true}\n'
    rule = '@id("all") permit(principal, action, resource);'
    scene = Scene(tmp_path, policies=rule, more=claim)
    scene.people["eve"] = person(claims={"level": "9"})
    scene.people["ann"] = person(claims={"level": 9})
    assert code(scene.decide("GET", "/bookings/3")) is None
    decision = scene.decide("GET", "/bookings/3", who="eve")
    assert code(decision) == "not-permitted"
    assert scene.x.why == ("the principal's attribute `level` is of another type",)


def test_an_erring_forbid_denies(tmp_path):
    """Cedar itself would skip it: fail open (notes/authz 0.2)."""
    rule = '@id("all") permit(principal, action, resource);'
    rule += '@id("net") forbid(principal, action, resource) when { context.source.isInRange(ip("10.0.0.0/8")) };'
    scene = Scene(tmp_path, policies=rule)
    assert code(scene.decide("GET", "/bookings/3")) is None
    assert code(scene.decide("GET", "/bookings/3", source="unix")) == "not-permitted"


def test_observe_records_and_changes_nothing(tmp_path):
    """What would have been refused is on record; no lock, no condition, no refusal."""
    scene = Scene(tmp_path, more=MODES.format("observe"))
    scene.records["/bookings/3"] = read(booking(), b'"v1"')
    decision = scene.decide("PATCH", "/bookings/3", {"note": "x"}, who="bob")
    assert code(decision) is None
    assert [one.code for one in scene.x.observed] == ["no-such-record"]
    assert decision.forward.extra == b""
    assert [type(one) for one in scene.asked] == [ReadBody, ReadRecord]


def test_off_reads_nothing(tmp_path):
    """A rule that is off costs nothing."""
    scene = Scene(tmp_path, more='\n[rules]\nrecords = "off"\nfields = "off"\n')
    assert code(scene.decide("PATCH", "/bookings/3", {"note": "x"}, who="bob")) is None
    assert [type(one) for one in scene.asked] == [ReadBody]
    assert scene.x.observed == ()


CLOSED = """
@id("own") permit(principal is User, action, resource is Booking);
"""


def closed_shop(**closed):
    made = document()
    made["paths"]["/bookings/{id}"]["delete"]["x-yett"]["resource"] |= closed
    return made


def test_a_closed_operation_refuses_what_was_never_shown(tmp_path):
    """An id that was guessed looks like one that does not exist."""
    scene = Scene(tmp_path, closed_shop(closed=True), policies=CLOSED)
    assert code(scene.decide("DELETE", "/bookings/3")) == "no-such-record"
    assert scene.read_targets() == []
    scene.view.shown.add(('User::"7"', 'Booking::"3"'))
    assert code(scene.decide("DELETE", "/bookings/3")) is None
    assert code(scene.decide("DELETE", "/bookings/3", who="bob")) == "no-such-record"


SEEN = """
@id("own") permit(principal is User, action, resource is Booking) when {
  context has seen && context.seen
};
"""


@pytest.mark.parametrize(("method", "target"), [("DELETE", "/bookings/3"), ("GET", "/bookings/3")])
def test_elsewhere_what_was_never_shown_is_only_observed(tmp_path, method, target):
    """A link from a mail is no attack; that it was never shown is on record where it matters."""
    scene = Scene(tmp_path, policies=SEEN)
    assert code(scene.decide(method, target)) is None
    assert [one.code for one in scene.x.observed] == ["no-such-record"]
    scene.view.shown.add(('User::"7"', 'Booking::"3"'))
    assert code(scene.decide(method, target)) is None
    assert scene.x.observed == ()


def test_on_an_answer_what_was_never_shown_is_observed_as_well(tmp_path):
    """The owner follows a link: let through, and on record."""
    both = SEEN.replace("context has seen", "resource.customer == principal && context has seen")
    scene = Scene(tmp_path, policies=both)
    assert code(scene.decide("GET", "/bookings/3")) is None
    assert [one.code for one in scene.x.observed] == ["no-such-record"]
    assert scene.x.granted is False
    scene.view.shown.add(('User::"7"', 'Booking::"3"'))
    assert code(scene.decide("GET", "/bookings/3")) is None
    assert scene.x.observed == ()


def test_decisions_are_sampled(scene):
    """Each decision can be compared with cedarpy later, off the path."""
    scene.decide("PATCH", "/bookings/3", {"note": "x"})
    assert [action for action, _ in scene.view.sampled] == ["changeBooking"]


def test_a_record_of_a_person_proves_no_roles(tmp_path):
    """`unless roles.contains("admin")` of a stranger's record must not hold by empty roles."""
    contents = document()
    user = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "team": {"type": "string"}},
    }
    about = {"type": "User", "id": "path.id", "key": "/id"}
    change = {"type": "object", "properties": {"team": {"type": "string"}}}
    contents["paths"]["/users/{id}"] = {
        "parameters": ID,
        "get": operation("getUser", answer(user), tags=(), resource={**about, "attrs": TEAM}),
        "patch": operation("changeUser", answer(user), change, tags=(), resource=about),
    }
    policies = """
    @id("support") permit(principal in Role::"staff", action == Action::"changeUser",
                          resource is User) unless { resource.roles.contains("admin") };
    @id("red") permit(principal is User, action == Action::"changeUser", resource is User) when {
      resource has team && resource.team == "red"
    };"""
    scene = Scene(tmp_path, contents, policies=policies)
    scene.records["/users/9"] = read({"id": 9, "team": "blue"})
    decision = scene.decide("PATCH", "/users/9", {"team": "green"}, who="staff")
    assert decision.problem is not None
    assert scene.policy.authz.guards["shop.changeUser"].place is Place.READ
    scene.records["/users/9"] = read({"id": 9, "team": "red"})
    assert scene.decide("PATCH", "/users/9", {"team": "green"}, who="staff").problem is None


TEAM = {"team": "/team"}
