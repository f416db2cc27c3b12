"""Names of actions."""

from __future__ import annotations

from kit.shop import load_shop, operation

from yett.policy.authz.names import action_names, bare, class_action


def test_an_action_is_the_bare_operation_id(tmp_path):
    """One api: no prefix."""
    contract = load_shop(tmp_path)
    names = action_names(contract)
    assert names["shop.getBooking"] == "getBooking"
    assert bare(contract.apis[0].operations[0]) == "listBookings"
    assert class_action("getBooking", "pii") == "getBooking:pii"


def test_two_apis_with_one_operation_id_both_carry_their_names(tmp_path):
    """A policy that says the bare id then fails validation instead of meaning both."""
    more = '\n[api.other]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:8"\npath = "/o"\n'
    names = action_names(load_shop(tmp_path, more=more))
    assert names["shop.getBooking"] == "shop.getBooking"
    assert names["other.getBooking"] == "other.getBooking"


def test_operations_without_an_id_have_a_name(tmp_path):
    """`api.METHOD /path` is the operation's id where the document gives none."""
    shop = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/x": {"get": operation("x")}},
    }
    del shop["paths"]["/x"]["get"]["operationId"]
    contract = load_shop(
        tmp_path,
        {
            **shop,
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        },
    )
    assert list(action_names(contract).values()) == ["GET /x"]
