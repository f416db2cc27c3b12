"""Who may approve: real Cedar rules over the frozen record, and scopes where there are none."""

from __future__ import annotations

import sqlite3

import pytest
from kit.desk import Desk
from kit.shop import OWN, compile_shop, document, operation

from yett.engine.program import build

APPROVERS = """
@id("chiefs-approve")
permit(principal in Role::"staff", action == Action::"confirmBooking:approve", resource) when {
  resource.price < 100 && resource.customer != principal
};
@id("staff-approve-deletes")
permit(principal in Role::"staff", action == Action::"deleteBooking:approve",
       resource == Booking::"3");
@id("staff-approve-reads")
permit(principal in Role::"staff", action == Action::"getBooking:approve", resource is Booking);
@id("strong")
forbid(principal, action in Action::"approve", resource) unless { context.acr == "strong" };
"""
NOTE = {"type": "object", "properties": {"note": {"enum": ["x"]}}}
ASKING = {"approvals": 1, "within": 600}


def shop_desk(tmp_path, policies=OWN + APPROVERS, more="", contents=None):
    contents = contents or document()
    paths = contents["paths"]
    for one in (
        paths["/bookings/{id}/confirm"]["post"],
        paths["/bookings/{id}"]["delete"],
        paths["/bookings/{id}"]["get"],
    ):
        one.setdefault("x-yett", {})["sensitive"] = ASKING
    paths["/clean"] = {
        "post": operation(
            "clean", {"204": {"description": "done"}}, body=NOTE, tags=(), sensitive=ASKING
        )
    }
    desk = Desk(build(compile_shop(tmp_path / "c", contents, policies, more)), tmp_path / "a.db")
    desk.know("7")
    desk.know("8", roles=["staff"], claims={"acr": "strong"})
    desk.know("9", roles=["staff"])
    booking = {"id": 3, "customer_id": 7, "status": "draft", "price": 10}
    desk.records = {"/bookings/3": booking, "/bookings/4": {**booking, "id": 4, "price": 500}}
    return desk


@pytest.fixture
def desk(tmp_path):
    return shop_desk(tmp_path)


def confirm(desk, id_=3, who="7"):
    return desk.ask(who, "POST", f"/bookings/{id_}/confirm")


def test_rules_see_the_record(desk):
    """The record is read when the request is frozen, and approvers' rules look into it."""
    asked = confirm(desk)
    status, shown = desk.vote("8", asked)
    assert (status, shown["state"]) == (200, "approved")
    assert shown["request"]["resource"] == 'Booking::"3"'


def test_a_record_that_rules_do_not_permit(desk):
    """Beyond the limit of the rule nobody may approve, and nobody sees it."""
    asked = confirm(desk, 4)
    assert desk.vote("8", asked)[0] == "no-such-record"
    assert desk.own("8")[1] == {"approvals": []}


def test_a_forbid_of_the_group_holds_for_all_of_them(desk):
    """`Action::"approve"` holds every such action; context is the approver's own."""
    asked = confirm(desk)
    assert desk.vote("9", asked)[0] == "no-such-record"
    assert desk.vote("7", asked)[0] == "not-permitted"


def test_rules_on_the_name_need_no_record(desk):
    """Where rules read the record's name alone, the name is enough."""
    asked = desk.ask("7", "DELETE", "/bookings/3")
    assert desk.vote("8", asked)[1]["state"] == "approved"
    other = desk.ask("7", "DELETE", "/bookings/4")
    assert desk.vote("8", other)[0] == "no-such-record"


def test_a_read_can_be_approved_by_its_name(desk):
    """A safe method is approved before anything is read."""
    asked = desk.ask("7", "GET", "/bookings/4")
    assert desk.vote("8", asked)[1]["state"] == "approved"


def test_without_a_rule_nobody_may(desk):
    """An operation whose approval no policy permits has no approvers, scope or not."""
    desk.know("5", scopes=["approve:clean"], roles=["staff"], claims={"acr": "strong"})
    asked = desk.ask("7", "POST", "/clean", {"note": "x"})
    assert desk.vote("5", asked)[0] == "no-such-record"


def test_a_record_that_cannot_be_read_is_not_frozen(desk):
    """Missing and forbidden look alike to the requester, and nobody is asked."""
    decision, _ = desk.send("7", "POST", "/bookings/5/confirm")
    assert decision.problem.code == "no-such-record"
    assert desk.own("8")[1] == {"approvals": []}


def test_a_tampered_record_denies(desk):
    """A row whose record is of another type or shape gives no approver anything to see."""
    asked = confirm(desk)
    for entity in ("", "{", '{"type": "Api", "id": "shop", "attrs": {}}'):
        with sqlite3.connect(desk.store.path) as store:
            store.execute("UPDATE approvals SET entity = ?", (entity,))
        store.close()
        assert desk.vote("8", asked)[0] == "no-such-record"


def test_the_requesters_rules_are_decided_again(desk):
    """What the record has become decides at execution, whatever was approved."""
    asked = confirm(desk)
    desk.vote("8", asked)
    named = asked["approval"].encode()
    desk.records["/bookings/3"]["status"] = "cancelled"
    decision, _ = desk.send("7", "POST", "/bookings/3/confirm", yett_approval=named)
    assert decision.problem.code == "wrong-state"
    desk.records["/bookings/3"]["status"] = "draft"
    assert desk.send("7", "POST", "/bookings/3/confirm", yett_approval=named)[0].forward


def test_a_contract_with_a_machine_alone_needs_a_rule(tmp_path):
    """Where authorization is compiled at all, a scope is not enough: fail closed."""
    desk = shop_desk(tmp_path, policies="")
    desk.know("5", scopes=["approve:confirmBooking"])
    assert desk.vote("5", confirm(desk))[0] == "no-such-record"


NOTED = """
@id("unless-noted")
permit(principal in Role::"staff", action == Action::"confirmBooking:approve", resource is Booking)
unless { ASKED };
"""


@pytest.mark.parametrize(
    ("asked", "shows", "may"),
    [
        ("resource has note", True, True),
        ("resource has note", False, False),
        ('resource.customer in Role::"staff"', True, False),
    ],
)
def test_what_was_not_kept_with_the_request_permits_nobody(tmp_path, asked, shows, may):
    """An attribute that the read does not show, and a third entity, are not taken for absent."""
    contents = document()
    paths = contents["paths"]
    listing = paths["/bookings"]["get"]
    listing["x-yett"]["resource"]["attrs"] = {"note": "/note"}
    one = paths["/bookings/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
    if not shows:
        del one["schema"]["properties"]["note"]
    policies = OWN + NOTED.replace("ASKED", asked)
    desk = shop_desk(tmp_path, policies, contents=contents)
    assert (desk.vote("9", confirm(desk))[0] == 200) is may
