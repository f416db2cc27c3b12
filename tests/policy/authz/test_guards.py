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
    """A PATCH that may send the state is a transition; the machine's own moves are not."""
    assert guard(tmp_path, "changeBooking").state == ("status",)
    assert guard(tmp_path, "confirmBooking").state is None
    assert guard(tmp_path, "createBooking").state is None
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
