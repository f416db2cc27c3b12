"""Step 1: a declared operation, or a refusal."""

from __future__ import annotations

from kit.engine import operation, program, request

from yett.terms import Verdict


def test_an_undeclared_path_is_not_found(run):
    """What the contract does not know does not exist."""
    decision, x, _ = run(program(operation()), request("/v1/things/7"))
    assert (decision.step, decision.problem.status) == (1, 404)
    assert x.plan is None


def test_an_undeclared_method_names_the_declared_ones(run):
    """RFC 9110 s15.5.6: a 405 carries `Allow`."""
    decision, _, _ = run(program(operation()), request(method="DELETE"))
    assert decision.problem.status == 405
    assert decision.problem.headers == ((b"allow", b"GET"),)


def test_a_rule_that_observes_passes_the_undeclared_through(run):
    """In mode `observe` the fallback forwards and the record says what was missing."""
    fallback = operation("*", "", public=True, security=None, stream_request=True)
    bound = program(operation(), fallback=fallback)
    decision, x, _ = run(bound, request("/v1/x"))
    assert decision.verdict is Verdict.ALLOW
    assert [p.code for p in x.observed] == ["undeclared-path"]
