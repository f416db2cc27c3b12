"""An operation that is called like a group or like another action is refused by name."""

from __future__ import annotations

import json

import pytest
from kit.shop import compile_shop

from yett.contract.errors import ContractError


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("read", "`read` is a group of actions"),
        ("write", "`write` is a group of actions"),
        ("approve", "`approve` is a group of actions"),
        ("tag:bookings", "`tag:bookings` is a group of actions"),
        ("api:shop", "`api:shop` is a group of actions"),
        ("read:pii", "`read:pii` is a group of actions"),
        ("getBooking:pii", "`getBooking:pii` is an action of `shop.getBooking`"),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path, shop, name, message):
    """Whoever may write could approve, if the operation `approve` were the group of approvals."""
    shop["paths"]["/health"]["get"]["operationId"] = name
    shop["paths"]["/bookings/{id}"]["delete"]["x-yett"]["sensitive"] = {
        "approvals": 1,
        "within": 600,
    }
    with pytest.raises(ContractError) as refused:
        compile_shop(tmp_path, shop, '@id("a") permit(principal, action, resource);')
    assert message in str(refused.value)
    assert "authz-name" in str(refused.value)


def test_a_qualified_name_can_be_taken_too(tmp_path, shop):
    """Where two apis share an id both carry their api; a third must not be called so."""
    (tmp_path / "other.json").write_text(json.dumps(shop))
    shop["paths"]["/health"]["get"]["operationId"] = "other.getBooking"
    more = '\n[api.other]\nopenapi = "other.json"\nupstream = "http://127.0.0.1:8"\npath = "/o"\n'
    with pytest.raises(ContractError, match=r"is an action of `shop\.other\.getBooking`"):
        compile_shop(tmp_path, shop, '@id("a") permit(principal, action, resource);', more)


def test_names_that_nobody_else_has_are_free(tmp_path, shop):
    """`approve` is an ordinary name where no operation wants approvals."""
    shop["paths"]["/health"]["get"]["operationId"] = "approve"
    policy = compile_shop(tmp_path, shop, '@id("a") permit(principal, action, resource);')
    assert "approve" in policy.authz.slices
