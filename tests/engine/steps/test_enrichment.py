"""Step 11, enrichment: the service says who the caller is, to that caller alone."""

from __future__ import annotations

import pytest
from kit.deciding import NOW, Scene, person, read
from kit.shop import OWN, answer, document, operation

from yett.engine.questions import ReadRecord
from yett.problems import UPSTREAM_TIMEOUT

ENRICH = """
[principal.enrich]
operation = "getMe"
attributes = {depot = "/depot", level = "/level"}
ttl = 60
"""
ME = {
    "type": "object",
    "required": ["depot"],
    "properties": {"depot": {"type": "string"}, "level": {"type": "integer"}},
}
RULE = """
@id("depot")
permit(principal is User, action == Action::"getHealth", resource) when {
  principal.depot == "north"
};
"""
OWN_READ = ReadRecord("shop", "/me", 1 << 20, own=True)


def shop():
    made = document()
    made["paths"]["/me"] = {"get": operation("getMe", answer(ME), tags=())}
    return made


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path, shop(), policies=OWN + RULE, more=ENRICH)
    scene.records["/me"] = read({"depot": "north", "level": 3})
    return scene


def code(decision):
    return decision.problem.code if decision.problem is not None else None


def test_the_service_is_asked_with_the_callers_own_credential(scene):
    """Once; then the answer is known for its time."""
    assert code(scene.decide("GET", "/health")) is None
    assert scene.asked == [OWN_READ]
    assert scene.x.subject.attrs["depot"] == "north"
    assert code(scene.decide("GET", "/health")) is None
    assert scene.asked == []


def test_an_answer_is_never_shared(scene):
    """Another caller, another issuer, another token of the same caller: each is asked for."""
    assert code(scene.decide("GET", "/health")) is None
    scene.records["/me"] = read({"depot": "south", "level": 3})
    scene.people["cat"] = person("7", issuer="https://other.test")
    scene.people["ann2"] = person("7")
    for who in ("bob", "cat", "ann2"):
        assert code(scene.decide("GET", "/health", who=who)) == "not-permitted"
        assert scene.asked == [OWN_READ]
    assert code(scene.decide("GET", "/health")) is None


def test_a_second_credential_is_bound_as_well(scene):
    """A cookie that the service might take for the credential does not fill another's answer."""
    assert code(scene.decide("GET", "/health", cookie=b"sid=1")) is None
    assert code(scene.decide("GET", "/health")) is None
    assert scene.asked == [OWN_READ]
    assert len(scene.view.known) == 2


def test_no_credential_is_in_the_key(scene):
    """What is kept cannot be used to sign in."""
    scene.decide("GET", "/health")
    assert all("ann" not in key and len(key) == 64 for key in scene.view.known)


def test_an_answer_ends_with_its_credential(scene):
    """At the latest; else after the time the contract says."""
    scene.decide("GET", "/health")
    scene.people["bob"] = person("8", expires=NOW + 5)
    scene.decide("GET", "/health", who="bob")
    assert sorted(until for _, until in scene.view.known.values()) == [NOW + 5, NOW + 60]


def test_what_no_rule_reads_is_not_asked(scene):
    """Other operations pay for nothing."""
    assert code(scene.decide("GET", "/bookings/3")) is None
    assert scene.asked == []


def test_machines_have_no_such_attributes(scene):
    """A service account or an API key is no person that the service knows."""
    scene.people["robot"] = person("r", kind="service")
    assert code(scene.decide("GET", "/health", who="robot")) == "not-permitted"
    assert scene.asked == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_caller_the_service_does_not_know_is_refused(scene, status):
    """403: nobody is judged without what the rules read."""
    scene.records["/me"] = read({}, status=status)
    decision = scene.decide("GET", "/health")
    assert code(decision) == "not-permitted"
    assert str(status) in decision.problem.note
    assert scene.view.known == {}


@pytest.mark.parametrize(
    "said",
    [read({}, status=500), read({}, status=401), read(b"{"), read({"depot": "x"}, media_type="")],
)
def test_a_service_that_cannot_answer_refuses(scene, said):
    """502, and nothing is remembered."""
    scene.records["/me"] = said
    assert code(scene.decide("GET", "/health")) == "record-unreadable"
    assert scene.view.known == {}


def test_a_problem_of_the_adapter_is_passed_on(scene):
    """The service is down."""
    scene.records["/me"] = UPSTREAM_TIMEOUT()
    assert code(scene.decide("GET", "/health")) == "upstream-timeout"


@pytest.mark.parametrize(
    "me", [{}, {"depot": "n"}, {"depot": 3, "level": 3}, [], {"depot": "n", "level": "3"}]
)
def test_attributes_that_are_not_as_declared_refuse(scene, me):
    """Required and absent, or of another type."""
    scene.records["/me"] = read(me)
    decision = scene.decide("GET", "/health")
    assert code(decision) == "not-permitted"
    assert "attribute" in decision.problem.note


def test_a_reference_is_judged_by_rules_that_may_need_it(tmp_path):
    """Not only the operation's own rules count: also those that judge what it refers to."""
    made = shop()
    pay = {"type": "object", "properties": {"id": {"type": "integer", "x-yett-ref": "Booking"}}}
    made["paths"]["/pay"] = {"post": operation("pay", answer({"type": "object"}), pay, tags=())}
    forbid = '@id("f") forbid(principal is User, action == Action::"getBooking", resource)'
    forbid += " when { principal has level && principal.level < 5 };"
    scene = Scene(tmp_path, made, policies=OWN + forbid, more=ENRICH)
    scene.records["/me"] = read({"depot": "north", "level": 3})
    assert code(scene.decide("POST", "/pay", {"id": 3})) == "reference-unknown"
    assert OWN_READ in scene.asked


def test_observe_lets_go_and_off_does_not_ask(tmp_path):
    """The mode is the strictest of the rules that may need it."""
    more = '\n[rules]\nrecords = "observe"\nfields = "observe"\nsensitive = "observe"\n'
    scene = Scene(tmp_path, shop(), policies=OWN + RULE, more=ENRICH + more)
    assert code(scene.decide("GET", "/health")) is None
    assert [one.code for one in scene.x.observed] == ["not-permitted", "not-permitted"]
    more = more.replace("observe", "off")
    scene = Scene(tmp_path, shop(), policies=OWN + RULE, more=ENRICH + more)
    assert code(scene.decide("GET", "/health")) is None
    assert scene.asked == []
