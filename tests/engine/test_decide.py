"""The order of the steps, and that the first refusal wins."""

from __future__ import annotations

import msgspec
import pytest
from kit.engine import ENFORCED, drive, operation, program, request

from yett.engine.decide import again
from yett.engine.exchange import Exchange
from yett.engine.questions import MakeDurable, ReadBody
from yett.policy.model import BodyRead, Fault, Limit, ParametersRead
from yett.problems import BODY_TOO_LARGE, KEYS_UNAVAILABLE, NO_SUCH_RECORD
from yett.terms import Decision, Mode, Verdict


def test_a_good_get_asks_nothing(run):
    """On the common path the generator ends at once with what may be forwarded."""
    decision, x, asked = run(program(operation()), request(authorization=b"Bearer good"))
    assert decision.verdict is Verdict.ALLOW
    assert decision.forward.target == "/things/7"
    assert asked == []
    assert x.principal.id == "alice"


def test_a_decision_without_a_verdict_cannot_be_built():
    """Nothing is allowed by default (habit 14)."""
    with pytest.raises(TypeError):
        Decision(step=1)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"step": 1}', type=Decision)


def test_the_head_is_judged_before_the_body_is_asked_for(run):
    """A caller without a credential never makes the gate read a body."""
    guarded = operation("POST", body=lambda *_: pytest.fail("read"), body_required=True)
    decision, _, asked = run(program(guarded), request(method="POST", length=10))
    assert (decision.step, decision.problem.code) == (4, "credential-missing")
    assert asked == []


def test_the_checked_bytes_are_forwarded(run):
    """What was parsed and checked is what goes on, not what came in."""
    guarded = operation("POST", body=lambda raw, kind: BodyRead([1], b"[1]"))
    decision, x, asked = run(
        program(guarded), request(method="POST", length=5, authorization=b"Bearer good"), b"[ 1 ]"
    )
    assert asked == [ReadBody(1000)]
    assert decision.forward.body == b"[1]"
    assert x.parsed == [1]


def test_the_canonical_query_is_forwarded(run):
    """The query goes on in the one form that the schema saw."""
    read = operation(parameters=lambda *_: ParametersRead({"query": {"a": 1}}, "a=1"))
    decision, _, _ = run(program(read), request("/things/7?a=%31", authorization=b"Bearer good"))
    assert decision.forward.target == "/things/7?a=1"


def test_a_body_that_cannot_be_read_ends_the_run(run):
    """The adapter may answer a problem instead of bytes."""
    guarded = operation("POST", body=lambda *_: pytest.fail("read"))
    decision, _, _ = run(
        program(guarded),
        request(method="POST", length=None, authorization=b"Bearer good"),
        BODY_TOO_LARGE(),
    )
    assert (decision.step, decision.problem.code) == (8, "body-too-large")


def test_observe_records_and_goes_on(run):
    """In mode `observe` each refusal is kept and nothing is stopped."""
    modes = dict.fromkeys(ENFORCED, Mode.OBSERVE)
    lax = operation(
        "POST",
        modes=modes,
        parameters=lambda *_: Fault("unknown", "query/x"),
        body=lambda *_: Fault("mismatch", "/a"),
    )
    decision, x, _ = run(program(lax), request("/things/7?x=1", method="POST", length=3), b"{1}")
    assert decision.verdict is Verdict.ALLOW
    assert [p.code for p in x.observed] == [
        "credential-missing",
        "scope-missing",
        "parameter-unknown",
        "body-invalid",
    ]
    assert decision.forward.body == b"{1}"
    assert decision.forward.target == "/things/7?x=1"


def test_off_leaves_the_step_out(run):
    """A rule that is off costs nothing and says nothing."""
    modes = dict.fromkeys(ENFORCED, Mode.OFF)
    decision, x, _ = run(program(operation(modes=modes)), request())
    assert decision.verdict is Verdict.ALLOW
    assert x.observed == ()


def test_refusals_before_a_principal_count_for_the_source(run, view):
    """Scanning and guessing slow a source down, a validation mistake does not."""
    bound = program(operation(parameters=lambda *_: Fault("mismatch", "path/id")))
    run(bound, request("/nothing"))
    run(bound, request(authorization=b"Bearer bad"))
    assert view.failures["203.0.113.9"] == 2
    run(bound, request(authorization=b"Bearer good"))
    assert view.failures["203.0.113.9"] == 2


def test_a_refused_limit_does_not_count_as_a_failure(run, view):
    """A 429 must not feed the counter that makes more of them."""
    view.quota["ip 203.0.113.9"] = 0
    bound = program(operation(limits=(Limit("l", 1, 60, "ip"),)))
    decision, _, _ = run(bound, request(authorization=b"Bearer good"))
    assert decision.problem.code == "quota-exceeded"
    assert view.failures["203.0.113.9"] == 0


@pytest.mark.parametrize(("durable", "verdict"), [(True, "allow"), (False, "refuse")])
def test_a_sensitive_operation_is_recorded_first(run, durable, verdict):
    """No sensitive call is forwarded unless its intent is on disk."""
    decision, _, asked = run(
        program(operation(sensitive=True)), request(authorization=b"Bearer good"), durable
    )
    assert isinstance(asked[0], MakeDurable)
    assert asked[0].event.kind == "intent"
    assert asked[0].event.principal == "alice"
    assert decision.verdict == verdict


def test_an_issuer_that_is_down_is_not_the_callers_failure(run, view):
    """503 while there are no keys does not slow the source down once they are back."""
    view.tokens[b"early"] = KEYS_UNAVAILABLE()
    decision, _, _ = run(program(operation()), request(authorization=b"Bearer early"))
    assert decision.problem.status == 503
    assert not view.failures


def test_after_a_412_only_the_record_is_decided_again(view):
    """What is written down or used up for this request is so once; nothing is observed twice."""
    ran = []

    def step(number, outcome=None):
        def run(x):
            ran.append(number)
            x.observed += (BODY_TOO_LARGE(note="seen"),)
            return outcome

        return number, run

    bound = program(operation())
    plan = bound.plans["api.GET /things/{id}"]
    steps = (step(8), step(11), step(11), step(12), step(13))
    plan = msgspec.structs.replace(plan, steps=steps)
    bound = msgspec.structs.replace(bound, plans={plan.operation.id: plan})
    x = Exchange(bound, request(), view, 1000.0)
    assert drive(x)[0].verdict is Verdict.ALLOW
    ran.clear()
    with pytest.raises(StopIteration) as stop:
        next(again(x))
    assert stop.value.value.verdict is Verdict.ALLOW
    assert ran == [11, 11]
    assert len(x.observed) == 5


def test_what_is_denied_the_second_time_is_refused(view):
    """The record that changed may not be the caller's any more."""
    bound = program(operation())
    plan = bound.plans["api.GET /things/{id}"]
    steps = ((11, lambda _x: NO_SUCH_RECORD()), (11, lambda _x: pytest.fail("went on")))
    plan = msgspec.structs.replace(plan, steps=steps)
    bound = msgspec.structs.replace(bound, plans={plan.operation.id: plan})
    x = Exchange(bound, request(), view, 1000.0)
    x.plan = plan
    with pytest.raises(StopIteration) as stop:
        next(again(x))
    decision = stop.value.value
    assert (decision.verdict, decision.step) == (Verdict.REFUSE, 11)
    assert decision.forward is None
