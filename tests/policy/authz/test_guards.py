"""A guard has what its operation needs, and an operation that needs nothing has none."""

from __future__ import annotations

from kit.shop import OWN, answer, compile_shop, document, operation

from yett.policy.authz.model import Listing, Located

ENRICH = """
[principal.enrich]
operation = "getMe"
attributes = {desk = "/desk"}
"""


def guard(tmp_path, id_, contents=None, policies=OWN, more=""):
    return compile_shop(tmp_path, contents, policies, more).authz.guards.get(f"shop.{id_}")


def test_a_list_has_its_items_and_totals(tmp_path):
    """Where the array is, and which numbers count it."""
    found = guard(tmp_path, "listBookings")
    assert found.listing == Listing(items=("items",), totals=(("total",),))
    assert not found.hides


def test_a_write_has_its_read_with_rules(tmp_path):
    """The reading operation's own slice comes along."""
    found = guard(tmp_path, "deleteBooking")
    assert found.read.path == ("/bookings/", None)
    assert found.read.slice.action == "getBooking"
    assert found.located == Located("path", "id")
    assert found.hides


def test_a_state_that_a_request_can_set(tmp_path):
    """A PATCH that may send the state is a transition, a new record begins somewhere."""
    assert guard(tmp_path, "changeBooking").state == ("status",)
    assert guard(tmp_path, "confirmBooking").state is None
    assert guard(tmp_path, "createBooking").state == ("status",)
    assert guard(tmp_path, "confirmBooking").machine.moves["shop.confirmBooking"] == (
        ("draft",),
        "confirmed",
    )


def test_references_come_with_the_rules_of_reading(tmp_path):
    """Naming another record wants the right to read it."""
    contents = document()
    body = {
        "type": "object",
        "properties": {"booking": {"type": "integer", "x-yett-ref": "Booking"}},
    }
    contents["paths"]["/payments"] = {
        "post": operation("pay", answer({"type": "object"}), body, tags=())
    }
    (reference,) = guard(tmp_path, "pay", contents).references
    assert reference.located == Located("body", pointer=("booking",))
    assert reference.read.slice.action == "getBooking"


def test_enrichment_only_where_it_is_read(tmp_path):
    """The service is asked who the caller is only where a rule wants to know."""
    contents = document()
    me = {"type": "object", "required": ["desk"], "properties": {"desk": {"type": "string"}}}
    contents["paths"]["/me"] = {"get": operation("getMe", answer(me), tags=())}
    rule = (
        OWN
        + '@id("desk") permit(principal is User, action == Action::"getHealth", resource) when { principal.desk == "north" };'
    )
    assert guard(tmp_path, "getHealth", contents, rule, ENRICH).enrich
    assert not guard(tmp_path, "getBooking", contents, rule, ENRICH).enrich


def test_the_mode_of_hiding_comes_from_the_settings(tmp_path):
    """`[authz] hidden` says what stands for a field that may not be seen."""
    found = guard(tmp_path, "getBooking", more='\n[authz]\nhidden = "mask"\n')
    assert [(f.name, f.hidden, f.pointers) for f in found.shown] == [("pii", "mask", (("phone",),))]


def test_an_operation_without_rules_has_no_guard(tmp_path):
    """It pays for nothing."""
    assert guard(tmp_path, "getHealth") is None


def test_an_operation_that_nobody_is_permitted_keeps_its_guard(tmp_path):
    """A rule that speaks of an operation and can never hold there refuses every call."""
    nobody = (
        '@id("a") permit(principal is User, action == Action::"getHealth", resource == Api::"x");'
    )
    found = guard(tmp_path, "getHealth", policies=nobody)
    assert found is not None
    assert found.place == "before"


def test_an_answer_that_is_something_else_is_no_record(tmp_path):
    """Paying answers a payment: its id is no booking's, and its state none of a booking's."""
    contents = document()
    payment = {
        "type": "object",
        "required": ["id", "status"],
        "properties": {"id": {"type": "integer"}, "status": {"type": "string"}},
    }
    contents["paths"]["/bookings/{id}/confirm"]["post"]["responses"] = answer(payment)
    rule = (
        OWN
        + '@id("shown") forbid(principal, action == Action::"getBooking", resource) unless { context has seen && context.seen };'
    )
    assert not guard(tmp_path, "confirmBooking", contents, rule).returns
    assert not guard(tmp_path, "confirmBooking", contents, rule).learns
    assert guard(tmp_path, "changeBooking", contents, rule).learns
    assert guard(tmp_path, "createBooking", contents, rule).learns


def test_a_class_whose_rules_read_what_is_not_shown_is_blind(tmp_path):
    """A list without owners cannot tell whose phone number it is."""
    contents = document()
    items = contents["paths"]["/bookings"]["get"]["responses"]["200"]["content"]["application/json"]
    del items["schema"]["properties"]["items"]["items"]["properties"]["customer_id"]
    assert guard(tmp_path, "listBookings", contents).shown[0].blind
    assert not guard(tmp_path, "getBooking", contents).shown[0].blind
