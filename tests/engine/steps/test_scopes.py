"""Step 7: one alternative of `security` is satisfied whole."""

from __future__ import annotations

import pytest
from kit.engine import ALICE, BEARER, COOKIE, KEY, need, operation, program, request
from msgspec.structs import replace

from yett.credentials.verifier import Verified
from yett.terms import Principal

GOOD = {"authorization": b"Bearer good"}


def test_a_missing_scope_is_named_to_the_client(run):
    """RFC 6750 s3.1: the challenge says which scope is needed."""
    bound = program(operation(security=need(BEARER, "write", "admin")))
    decision, _, _ = run(bound, request(**GOOD))
    assert (decision.step, decision.problem.code) == (7, "scope-missing")
    challenge = dict(decision.problem.headers)[b"www-authenticate"]
    assert challenge == b'Bearer error="insufficient_scope", scope="admin write"'


def test_any_alternative_will_do(run):
    """Security requirements are an OR of ANDs."""
    bound = program(operation(security=need(KEY) + need(BEARER, "read")))
    assert run(bound, request(**GOOD))[0].problem is None


def test_a_scope_of_another_scheme_does_not_count(run, view):
    """The scopes must come from the credential that the requirement names."""
    view.tokens[b"k"] = Verified(
        Principal(id="svc", kind="key", issuer="keys", scopes=frozenset({"write"}))
    )
    bound = program(operation(security=(need(BEARER, "write")[0] + need(KEY)[0],)))
    decision, _, _ = run(bound, request(**GOOD, x_api_key=b"k"))
    assert decision.problem.code == "scope-missing"


def test_roles_grant_the_scopes_of_the_vocabulary(run, view):
    """A role is worth what the vocabulary says, an unknown role nothing."""
    for role, verdict in (("clerk", None), ("boss", "scope-missing")):
        view.tokens[b"r"] = Verified(
            Principal(id="bob", kind="user", issuer="iss", roles=frozenset({role}))
        )
        bound = program(operation(), roles={"clerk": ("read",)})
        decision, _, _ = run(bound, request(authorization=b"Bearer r"))
        assert (decision.problem and decision.problem.code) == verdict


@pytest.mark.parametrize("more", [(), ("read",)])
def test_a_credential_shown_beside_widens_nobodys_scopes(run, view, more):
    """The alternative that is satisfied must prove whoever the request runs as, not a bystander."""
    view.tokens[b"k"] = Verified(Principal(id="svc", kind="key", issuer="keys"))
    bound = program(operation(security=need(BEARER, "admin", *more) + need(KEY)))
    decision, x, _ = run(bound, request(**GOOD, x_api_key=b"k"))
    assert (x.principal.id, decision.problem.code) == ("alice", "scope-missing")
    decision, x, _ = run(bound, request(x_api_key=b"k"))
    assert (x.principal.id, decision.problem) == ("svc", None)


def test_one_caller_in_two_schemes_has_what_both_carry(run, view):
    """One person's session and token are one caller: either alternative may be the one."""
    view.tokens[b"session"] = Verified(replace(ALICE, scheme="session", credential="s"))
    bound = program(operation(security=need(BEARER, "admin") + need(COOKIE, "read")))
    decision, _, _ = run(bound, request(**GOOD, cookie=b"sid=session"))
    assert decision.problem is None
