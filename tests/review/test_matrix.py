"""The matrix: `-` and ALLOW are proved, conditions are the rules' words."""

from __future__ import annotations

import pytest
from kit.pairs import POLICIES, document, write_contract

from yett.contract.load import load
from yett.policy.compile import compile_policy
from yett.review.matrix import make_matrix
from yett.review.side import make_side


@pytest.fixture
def matrix(tmp_path):
    def make(**changes):
        contract = load(write_contract(tmp_path, **changes))
        return make_matrix(make_side(contract, compile_policy(contract)))

    return make


def test_cells(matrix):
    """Never, and on what condition: scopes, permits, forbids, and the operation of a class."""
    found = matrix()
    update = found.rows["updateBooking"]
    assert update["service without a role"].access == "-"
    own = update["user without a role"]
    assert (own.access, own.rules) == ("cond", ("own",))
    assert own.when == "scope `bookings:write`; (resource.customer == principal)"
    cancel = found.rows["cancelBooking"]["service with role `admin`"]
    assert cancel.when == (
        "(principal has tenant && principal.tenant == resource.tenant); "
        'not (!context.amr.contains("mfa"))'
    )
    pii = found.rows["getBooking:pii"]["user with role `staff`"]
    assert pii.when == "as `getBooking`; (resource.customer == principal)"
    assert found.columns[0].startswith("user")


def test_always(matrix):
    """Who is permitted whatever is asked is ALLOWed, and strangers are a column of their own."""
    spec = document()
    get = spec["paths"]["/bookings/{id}"]["get"]
    get["security"], get["x-yett"] = [], {"public": True, "resource": get["x-yett"]["resource"]}
    rule = '@id("all") permit(principal, action == Action::"getBooking", resource);'
    found = matrix(spec=spec, policies=POLICIES + rule)
    assert found.columns[0] == "anonymous"
    assert found.rows["getBooking"]["anonymous"].access == "ALLOW"
    assert found.rows["updateBooking"]["anonymous"].access == "-"


def test_what_is_not_known_is_neither(matrix):
    """A rule that the solver cannot be told leaves a question mark with the reason."""
    odd = '@id("o") permit(principal, action == Action::"getBooking", resource is Booking)\n'
    odd += 'when { resource.status == "\U000e0041" };'
    cell = matrix(policies=POLICIES + odd).rows["getBooking"]["service without a role"]
    assert cell.access == "?"
    assert cell.when == "`o` has a character above U+2FFFF"
