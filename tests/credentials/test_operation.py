"""What a token for one call says: read one way, or not at all."""

from __future__ import annotations

import pytest
from kit import hostile

from yett.credentials.operation import MAX_DETAILS, TYPE, OperationDetail, read_operation
from yett.credentials.verifier import Verified

DIGEST = "0123456789abcdef" * 4
GOOD = {"type": TYPE, "operation": "shop.pay", "digest": DIGEST}
OTHER = {"type": "payment_initiation", "operation": 7}


@pytest.mark.parametrize(
    "claims", [{}, {"authorization_details": []}, {"authorization_details": [OTHER]}]
)
def test_other_tokens_are_none(claims):
    """A token without a detail of our type is a token like any other."""
    assert read_operation(claims) is None


@pytest.mark.parametrize("details", [[GOOD], [OTHER, GOOD], [{**GOOD, "more": 1}, "text"]])
def test_the_one_detail_is_read(details):
    """One object of our type counts, whatever stands beside it."""
    assert read_operation({"authorization_details": details}) == OperationDetail("shop.pay", DIGEST)


BAD = [
    None,
    "text",
    GOOD,
    [GOOD, GOOD],
    [GOOD, {**GOOD, "operation": "shop.other"}],
    [OTHER] * (MAX_DETAILS + 1),
    [{"type": TYPE}],
    [{**GOOD, "operation": ""}],
    [{**GOOD, "operation": ["shop.pay"]}],
    [{**GOOD, "operation": "shop.pay\n"}],
    [{**GOOD, "digest": DIGEST[1:]}],
    [{**GOOD, "digest": DIGEST + "\n"}],
    [{**GOOD, "digest": DIGEST.upper()}],
    [{**GOOD, "digest": None}],
    [{**GOOD, "digest": 7}],
]


@pytest.mark.parametrize("details", BAD)
def test_what_cannot_be_read_is_refused(details, verify):
    """Several operations, none, or no digest: nobody could say what the token is for."""
    assert isinstance(read_operation({"authorization_details": details}), str)
    refused = verify(hostile.good(authorization_details=details))
    assert not isinstance(refused, Verified)


def test_a_verified_token_is_bound_to_its_operation(verify):
    """The principal names the one call, beside its key where it has one."""
    thumbprint = "A" * 43
    plain = verify(hostile.good(authorization_details=[GOOD]))
    assert plain.principal.binding == "operation:shop.pay"
    both = verify(hostile.good(authorization_details=[GOOD], cnf={"jkt": thumbprint}))
    assert both.principal.binding == f"jkt:{thumbprint} operation:shop.pay"
    assert verify(hostile.good(authorization_details=[OTHER])).principal.binding == ""
