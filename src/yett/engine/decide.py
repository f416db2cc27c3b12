"""The one function: a request runs down its operation's steps, the first refusal wins.

 1 route · 2 hygiene · 3 source limits · 4 credential · 5 revoked or inactive · 6 principal limits
 7 scopes · 8 shape · 9 injection · 10 graph · 11 workflow and record · 12 step-up, approvals
 13 forward · 14 response record and field rules · 15 response hygiene · 16 record the event

The same numbers stand in docs/life-of-a-request.md and in every record. Step 14 is
`engine/release.py`, 15 `engine/response.py`, 16 `engine/record.py`; 10 has its place in
`engine/steps/__init__.py`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from yett.engine.exchange import Exchange
from yett.engine.questions import Question
from yett.engine.record import FORWARD_STEP
from yett.engine.step import Step
from yett.engine.steps.cors import answer_preflight, is_preflight
from yett.engine.steps.limits import slow_down
from yett.engine.steps.possession import JKT, challenge_of, in_scheme
from yett.engine.steps.route import find_plan
from yett.engine.voting import answer_own
from yett.problems import PROOF_NONCE_NEEDED, Problem
from yett.terms import Decision, Forward, Verdict

LAST_ANONYMOUS_STEP = 5
RECORD_STEP = 11


def decide(x: Exchange) -> Generator[Question, Any, Decision]:
    """Decide one request.

    Yields:
        questions whose answer lies outside; on the common path of a GET there is none.

    Returns:
        the decision, always with a verdict.
    """
    if x.program.browser.answers and is_preflight(x.request):
        return answer_preflight(x)
    problem = find_plan(x)
    if problem is not None:
        return refuse(x, 1, slow_down(x) or problem)
    assert x.plan is not None
    for number, step in x.plan.steps:  # as `_run`, which costs a generator: 0.2 us a request
        outcome = step(x)
        while outcome is not None:
            if isinstance(outcome, Problem):
                return refuse(x, number, outcome)
            answer = yield outcome.question
            outcome = outcome.resume(x, answer)
    if x.plan.operation.own:
        return (yield from answer_own(x))
    return allow(x)


def again(x: Exchange) -> Generator[Question, Any, Decision]:
    """Decide on the record once more: the service says that it is not the one read (412).

    Step 11 alone: the caller and the request are the same, and what step 12 used up (an approval)
    and step 13 wrote down (the intent) was for this very request. What is locked stays locked.

    Yields:
        the questions of that step.

    Returns:
        the decision, always with a verdict.
    """
    assert x.plan is not None
    before = x.observed
    x.record = x.entity = None
    x.extra, x.granted, x.expected, x.policies, x.why = b"", False, (), (), ()
    refused = yield from _run(x, tuple(s for s in x.plan.steps if s[0] == RECORD_STEP))
    x.observed = before + tuple(one for one in x.observed[len(before) :] if one not in before)
    return refused or allow(x)


def _run(
    x: Exchange, steps: tuple[tuple[int, Step], ...]
) -> Generator[Question, Any, Decision | None]:
    """Run steps until one refuses."""
    for number, step in steps:
        outcome = step(x)
        while outcome is not None:
            if isinstance(outcome, Problem):
                return refuse(x, number, outcome)
            answer = yield outcome.question
            outcome = outcome.resume(x, answer)
    return None


def refuse(x: Exchange, number: int, problem: Problem) -> Decision:
    """End the run with a problem; refusals before a principal is known count for the source.

    Not the gate's own troubles: an issuer that is down must not slow down its clients afterwards.
    Nor that a nonce is wanted, which every client hears once (RFC 9449 s9).
    """
    blameless = problem.status >= 500 or problem.kind is PROOF_NONCE_NEEDED
    if number <= LAST_ANONYMOUS_STEP and not blameless and problem.status != 429:
        x.view.failed(x.request.source, x.now)
    if x.principal.binding[:4] == JKT:
        problem = in_scheme(problem, challenge_of(x.program.policy.config.identity.dpop))
    return Decision(verdict=Verdict.REFUSE, step=number, problem=problem)


def allow(x: Exchange) -> Decision:
    """End the run with what may be sent on: the canonical bytes that were checked."""
    assert x.plan is not None
    request = x.request
    return Decision(
        verdict=Verdict.ALLOW,
        step=FORWARD_STEP,
        forward=Forward(
            upstream=x.plan.operation.upstream,
            method=request.method,
            target=f"{request.path}?{x.query}" if x.query else request.path,
            body=x.body,
            extra=x.extra,
            without=x.plan.checks.without | x.without if x.plan.checks is not None else x.without,
        ),
    )
