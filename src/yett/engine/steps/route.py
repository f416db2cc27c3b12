"""Step 1, route: the canonical path and method to one declared operation, or a refusal."""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.problems import UNDECLARED_METHOD, UNDECLARED_PATH, Problem


def find_plan(x: Exchange) -> Problem | None:
    """Set the exchange's plan and arguments. See RFC 9110 s15.5.5 and s15.5.6."""
    program = x.program
    router = program.policy.router
    request = x.request
    found = router.find(request.segments)
    if found is None:
        return _undeclared(x, UNDECLARED_PATH())
    node, x.arguments = found
    operation = node.leaves.get(request.method)
    if operation is None:
        return _undeclared(x, UNDECLARED_METHOD(headers=((b"allow", node.allow),)))
    x.plan = program.plans[operation.id]
    return None


def _undeclared(x: Exchange, problem: Problem) -> Problem | None:
    """Refuse, or where the route rule is not enforced record it and use the API's fallback."""
    fallback = x.program.policy.router.fallback(x.request.segments)
    if fallback is None:
        return problem
    x.arguments = ()
    x.plan = x.program.plans[fallback.id]
    if not fallback.pages:  # the issuer knows its own paths
        x.observed += (problem,)
    return None
