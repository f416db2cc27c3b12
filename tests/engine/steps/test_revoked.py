"""Step 5: nobody who was switched off, nobody unknown to be while something is changed."""

from __future__ import annotations

import msgspec
import pytest
from kit.engine import ALICE, BEARER, KEY, need, operation, program, request

from yett.credentials.verifier import Verified


def code(decision):
    return decision.problem.code if decision.problem else "allow"


GOOD = {"authorization": b"Bearer good"}


def test_a_revoked_principal_is_refused_at_step_five(run, view):
    """A valid signature does not help somebody who was switched off."""
    view.banned.add(ALICE.id)
    decision, _, _ = run(program(operation()), request(**GOOD))
    assert (decision.step, code(decision)) == (5, "credential-revoked")
    assert view.acting == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_is_changed_while_revocations_are_unknown(run, view, method):
    """Unsafe methods wait with 503 and are told when to try again; they count as no activity."""
    view.stale = True
    decision, _, _ = run(program(operation(method=method)), request(method=method, **GOOD))
    assert (decision.step, code(decision)) == (5, "revocations-unavailable")
    assert decision.problem.status == 503
    assert (b"retry-after", b"1") in decision.problem.headers
    assert view.acting == []


def test_reading_goes_on_while_revocations_are_unknown(run, view):
    """An outage of the store is no outage of reading, for those not known to be revoked."""
    view.stale = True
    assert code(run(program(operation()), request(**GOOD))[0]) == "allow"
    view.banned.add(ALICE.id)
    assert code(run(program(operation()), request(**GOOD))[0]) == "credential-revoked"


def test_public_operations_do_not_ask(run, view):
    """Who shows no credential is refused nothing because of the credentials of others."""
    view.stale = True
    open_to_all = program(operation(method="POST", security=((), *need(BEARER)), public=True))
    assert code(run(open_to_all, request(method="POST"))[0]) == "allow"


def test_a_call_is_activity(run, view):
    """What passed is noted, once."""
    run(program(operation()), request(**GOOD))
    assert view.acting == [ALICE]


def test_every_proven_credential_is_asked_about(run, view):
    """A revoked API key beside a good token is still a revoked credential."""
    other = msgspec.structs.replace(ALICE, id="machine")
    view.tokens[b"k"] = Verified(other)
    bound = program(operation(security=(need(BEARER, "read")[0] + need(KEY)[0],)))
    both = request(x_api_key=b"k", **GOOD)
    assert code(run(bound, both)[0]) == "allow"
    assert {one.id for one in view.acting} == {ALICE.id, "machine"}
    view.banned.add("machine")
    assert code(run(bound, both)[0]) == "credential-revoked"
