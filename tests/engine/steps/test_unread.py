"""Step 4: what an operation has not verified of credentials does not reach the service."""

from __future__ import annotations

import pytest
from kit.engine import BEARER, COOKIE, KEY, need, operation, program, request
from msgspec.structs import replace

from yett.credentials.verifier import Verified
from yett.engine.program import build
from yett.terms import Principal

FORGED = b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."


def bound(*operations):
    fields = frozenset({b"authorization", b"x-api-key"})
    policy = program(*operations).policy
    return build(replace(policy, credential_fields={"api": fields}))


@pytest.fixture
def view(view):
    view.tokens[b"k"] = Verified(Principal(id="svc", kind="key", issuer="keys"))
    return view


def test_a_forged_token_beside_a_good_key_goes_nowhere(run):
    """An operation for keys verifies no token; a service that decodes one must not get it."""
    decision, _, _ = run(
        bound(operation(security=need(KEY))), request(x_api_key=b"k", authorization=FORGED)
    )
    assert decision.problem is None
    assert b"authorization" in decision.forward.without
    assert b"x-api-key" not in decision.forward.without


def test_a_key_that_nobody_asked_for_goes_nowhere(run):
    """The same the other way round, and where a cookie is what counts."""
    for security, shown in (
        (need(BEARER), {"authorization": b"Bearer good"}),
        (need(COOKIE), {"cookie": b"sid=good"}),
    ):
        asked = request(x_api_key=b"made-up", **shown)
        decision, _, _ = run(bound(operation(security=security)), asked)
        assert b"x-api-key" in decision.forward.without


def test_a_second_spelling_of_the_name_goes_nowhere(run):
    """What a WSGI service takes for the field is left out with it."""
    asked = replace(
        request(authorization=b"Bearer good"),
        headers={
            b"authorization": b"Bearer good",
            b"x_api-key": b"made-up",
        },
    )
    decision, _, _ = run(bound(operation(security=need(BEARER))), asked)
    assert b"x-api-key" in decision.forward.without


def test_without_one_nothing_is_left_out(run):
    """The usual request costs no look at its lines."""
    decision, _, _ = run(bound(operation(security=need(KEY))), request(x_api_key=b"k"))
    assert decision.forward.without == frozenset()


def test_what_is_read_here_is_refused_when_it_is_bad(run):
    """An operation for both verifies both, and leaves nothing out."""
    both = bound(operation(security=need(KEY) + need(BEARER)))
    assert run(both, request(x_api_key=b"k", authorization=FORGED))[0].problem.status == 401
    asked = request(x_api_key=b"k", authorization=b"Bearer good")
    assert run(both, asked)[0].forward.without == frozenset()


def test_where_nobody_is_asked_fields_are_the_services_own(run):
    """A public operation may have a sign-in of its own; the gate says nothing about who it is."""
    public = bound(operation(security=None, public=True))
    assert run(public, request(authorization=FORGED))[0].forward.without == frozenset()
