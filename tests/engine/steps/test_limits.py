"""Steps 3 and 6: limits are taken together or not at all."""

from __future__ import annotations

import pytest
from kit.engine import operation, program, request

from yett.credentials.verifier import Verified
from yett.engine.steps import limits as step
from yett.policy.model import Limit
from yett.terms import Principal

GOOD = {"authorization": b"Bearer good"}
PER_PRINCIPAL = Limit("a", 10, 60, "principal")
PER_TENANT = Limit("b", 10, 60, "tenant")
PER_IP = Limit("c", 10, 60, "ip")


def test_a_refused_request_costs_nothing(run, view):
    """When a later limit refuses, earlier units of the same step go back."""
    view.tokens[b"good"] = Verified(
        Principal(id="alice", kind="user", issuer="iss", tenant="t", scopes=frozenset({"read"}))
    )
    view.quota["tenant iss t"] = 0
    bound = program(operation(limits=(PER_PRINCIPAL, PER_TENANT)))
    decision, _, _ = run(bound, request(**GOOD))
    assert (decision.step, decision.problem.code) == (6, "quota-exceeded")
    assert view.quota["iss alice"] == 10
    assert (b"retry-after", b"2") in decision.problem.headers


def test_cost_is_taken_from_every_limit(run, view):
    """`cost: 5` takes five units."""
    bound = program(operation(limits=(PER_IP, PER_PRINCIPAL), cost=5.0))
    run(bound, request(**GOOD))
    assert view.quota == {"ip 203.0.113.9": 5, "iss alice": 5}


def test_a_failing_source_waits_on_every_path(run, view):
    """Slowing down covers undeclared paths too, or a scan would not notice it."""
    view.wait = 7.2
    bound = program(operation())
    for target in ("/things/7", "/nothing"):
        decision, _, _ = run(bound, request(target, **GOOD))
        assert decision.problem.code == "abnormal-usage-detected"
        assert (b"retry-after", b"8") in decision.problem.headers


def test_requests_under_way_are_capped(run, view):
    """The cap holds per principal and a refusal keeps no place."""
    bound = program(operation(concurrency=1))
    _, first, _ = run(bound, request(**GOOD))
    decision, second, _ = run(bound, request(**GOOD))
    assert decision.problem.code == "too-many-in-flight"
    second.release()
    first.release()
    assert run(bound, request(**GOOD))[0].problem is None


def test_a_refused_cap_gives_back_the_shared_place(run, view):
    """Two caps are entered together or not at all."""
    bound = program(operation(concurrency=1), concurrency=9)
    run(bound, request(**GOOD))
    run(bound, request(**GOOD))
    assert sorted(view.inside.values()) == [1, 1]


@pytest.mark.parametrize(
    ("principal", "scope", "subject"),
    [
        (Principal(id="", kind="anonymous", issuer=""), "principal", "ip 203.0.113.9"),
        (Principal(id="a", kind="user", issuer="i"), "principal", "i a"),
        (Principal(id="a", kind="user", issuer="i", client="c"), "key", "client i c"),
        (
            Principal(id="a", kind="key", issuer="i", scheme="api_key", credential="k1"),
            "key",
            "key k1",
        ),
        (Principal(id="a", kind="user", issuer="i"), "key", "i a"),
        (Principal(id="a", kind="user", issuer="i", tenant="t"), "tenant", "tenant i t"),
        (Principal(id="a", kind="user", issuer="i"), "tenant", "i a"),
    ],
)
def test_subjects(run, principal, scope, subject):
    """Each scope names its subject, and falls back to a narrower one."""
    _, x, _ = run(program(operation()), request())
    x.principal = principal
    assert step.SUBJECTS[scope](x) == subject
