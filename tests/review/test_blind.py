"""What a place does not show lets no rule hold; showing it is a change like any other."""

from __future__ import annotations

import pytest
from kit.shop import compile_shop, document, load_shop

from yett.policy.compile import compile_policy
from yett.review.blind import hidden_attributes, is_refused, seen_by
from yett.review.review import has_solver, review

POLICIES = """
@id("own") permit(principal is User, action in Action::"tag:bookings", resource is Booking) when {
  resource.customer == principal
};
@id("staff") permit(principal in Role::"staff", action in Action::"tag:bookings", resource);
"""
CLASS = """
@id("pii") permit(principal is User, action in Action::"read:pii", resource is Booking) when {
  resource has note && resource.note == "open"
};
"""
solving = pytest.mark.skipif(not has_solver(), reason="needs the extra `diff`")


def without(name, noted=False):
    """The shop whose list does not show a property."""
    contents = document()
    listed = contents["paths"]["/bookings"]["get"]["responses"]["200"]["content"]
    if name:
        items = listed["application/json"]["schema"]["properties"]["items"]["items"]
        del items["properties"][name]
    if noted:
        one = contents["paths"]["/bookings/{id}"]["get"]["x-yett"]["resource"]
        one["attrs"]["note"] = "/note"
    return contents


def both(tmp_path, old, new, policies):
    """The changes between two documents of the same policies: (action, gains, certainty)."""
    sides = []
    for name, contents in (("old", old), ("new", new)):
        contract = load_shop(tmp_path / name, contents, policies)
        sides.append((contract, compile_policy(contract)))
    changes = review(*sides).changes
    return {(each.action, each.gains, each.certainty) for each in changes}


@solving
def test_a_list_that_shows_its_owner_opens_to_owners(tmp_path):
    """No rule has changed, and customers see items they never saw: no proof of nothing."""
    old, new = without("customer_id"), without("")
    gained = ("listBookings", True, "confirmed")
    assert gained in both(tmp_path / "a", old, new, POLICIES)
    lost = ("listBookings", False, "confirmed")
    assert lost in both(tmp_path / "b", new, old, POLICIES)


@solving
def test_a_field_that_nobody_could_be_shown_opens(tmp_path):
    """A class whose rules ask what the list does not show is hidden from all, until it shows it."""
    old, new = without("note", noted=True), without("", noted=True)
    found = both(tmp_path, old, new, POLICIES + CLASS)
    assert ("listBookings:pii", True, "confirmed") in found


@solving
def test_what_is_blind_on_both_sides_changes_nothing(tmp_path):
    """The same rules, the same places, another order of the policies."""
    one, two = POLICIES.strip().split("@id(")[1:]
    turned = f"@id({two} @id({one}"
    contents = without("customer_id")
    old = load_shop(tmp_path / "old", contents, POLICIES)
    new = load_shop(tmp_path / "new", contents, turned)
    found = review((old, compile_policy(old)), (new, compile_policy(new)))
    assert found.changes == ()


def test_rules_are_read_as_their_place_sees_the_record(tmp_path):
    """An attribute that is not shown errs, and `has` of it is false."""
    authz = compile_shop(tmp_path, without("customer_id"), POLICIES).authz
    slice_, guard = authz.slices["listBookings"], authz.guards["shop.listBookings"]
    assert hidden_attributes(slice_, guard) == {"customer"}
    assert not is_refused(slice_, guard)
    own, staff = seen_by(slice_.rules, frozenset(("customer",)))
    assert "'resource'" not in str(own.tree.clauses)
    assert staff.tree == slice_.rules[1].tree
    assert seen_by(slice_.rules, frozenset()) is slice_.rules
    shown = authz.slices["getBooking"], authz.guards["shop.getBooking"]
    assert hidden_attributes(*shown) == frozenset()


def test_a_class_that_no_place_can_decide_is_refused(tmp_path):
    """As the gate hides it from everybody."""
    authz = compile_shop(tmp_path, without("note", noted=True), POLICIES + CLASS).authz
    listed = authz.slices["listBookings:pii"], authz.guards["shop.listBookings"]
    one = authz.slices["getBooking:pii"], authz.guards["shop.getBooking"]
    assert is_refused(*listed, inner=True)
    assert not is_refused(*one, inner=True)
    assert is_refused(*one, inner=True, approval=True)
    assert not is_refused(one[0], None)
