"""Step 12, approvals: frozen, asked for, used once; whatever cannot be is refused."""

from __future__ import annotations

import msgspec
import pytest
from kit.engine import ALICE, ENFORCED, request
from kit.frozen import APPROVED, HOW, ID, approval_of, gate_program, pay, paying, play, vote_of

from yett.credentials.verifier import Verified
from yett.engine.approvals import (
    MAX_BODY_BYTES,
    MAX_SHOWN_CHARACTERS,
    AskApproval,
    ConfirmApproval,
    Frozen,
    UseApproval,
)
from yett.engine.decide import again, decide
from yett.engine.exchange import Exchange
from yett.engine.questions import MakeDurable, ReadBody
from yett.terms import Mode, Verdict

BODY = b'{"amount":7}'
FROZEN = Frozen("{}", "0" * 64, "")


@pytest.fixture
def decided(view):
    """Decide a payment with a store answered from a dict."""

    def go(bound, wanted, **answers):
        given = {
            ReadBody: BODY,
            MakeDurable: True,
            AskApproval: approval_of,
            ConfirmApproval: True,
            UseApproval: "the store was not to be asked",
        }
        by_name = {kind.__name__: kind for kind in given}
        given |= {by_name[name]: answer for name, answer in answers.items()}
        x = Exchange(bound, wanted, view, 1000.0)
        decision, asked = play(x, decide(x), given)
        return decision, x, [one for one in asked if not isinstance(one, ReadBody)]

    return go


def used(question):
    return approval_of(
        AskApproval(
            frozen=msgspec.structs.replace(FROZEN, digest=question.digest),
            operation="api.pay",
            requester=None,
            needed=1,
            within=600,
            now=question.now,
        ),
        state=APPROVED,
    )


def test_without_an_approval_the_request_waits(decided):
    """403 says which approval, exactly what, how many people, how long and where."""
    decision, _, asked = decided(gate_program(paying(approvals=2)), pay())
    problem = decision.problem
    assert (decision.step, problem.code, problem.status) == (12, "approval-needed", 403)
    (question,) = asked
    assert (question.operation, question.needed, question.within) == ("api.pay", 2, 600)
    assert question.requester.id == "alice"
    assert dict(problem.members) == {
        "approval": ID,
        "digest": question.frozen.digest,
        "needed": 2,
        "expires_in": 600,
        "approve": f"/.well-known/yett/approvals/{ID}",
    }
    assert problem.note == f"approval {ID} of sha256:{question.frozen.digest}"


def test_a_new_request_is_on_record_before_anybody_is_told(decided):
    """First the fsync, then the approval can be voted on, then the client learns of it."""
    fresh = lambda question: approval_of(question, recorded=False)  # noqa: E731
    decision, _, asked = decided(gate_program(), pay(), AskApproval=fresh)
    ask, durable, confirm = asked
    assert durable.event.kind == "approval-requested"
    assert durable.event.note == f"approval {ID} of sha256:{ask.frozen.digest}"
    assert (durable.event.principal, durable.event.operation) == ("alice", "api.pay")
    assert (durable.event.step, durable.event.verdict) == (12, "")
    assert confirm == ConfirmApproval(ID)
    assert decision.problem.code == "approval-needed"


def test_an_unrecorded_request_is_not_told(decided):
    """What cannot be recorded is not asked for."""
    fresh = lambda question: approval_of(question, recorded=False)  # noqa: E731
    for answers in ({"MakeDurable": False}, {"ConfirmApproval": False}):
        decision, _, _ = decided(gate_program(), pay(), AskApproval=fresh, **answers)
        assert decision.problem.code == "not-recorded"
        assert decision.problem.members == ()


def test_a_given_approval_is_told(decided):
    """Who asks again learns that nobody is missing."""
    given = lambda question: approval_of(question, votes=(vote_of(),))  # noqa: E731
    decision, _, _ = decided(gate_program(), pay(), AskApproval=given)
    assert dict(decision.problem.members)["needed"] == 0
    assert "Yett-Approval" in decision.problem.detail


def test_an_approval_is_used_up_before_the_request_goes_on(decided):
    """The store answers, then the ledger; then the request is forwarded without the field."""
    decision, x, asked = decided(gate_program(), pay(yett_approval=ID.encode()), UseApproval=used)
    assert decision.verdict is Verdict.ALLOW
    assert decision.forward.body == BODY
    use, durable, intent = (*asked, None)[:3]
    assert (use.id, use.needed, use.now) == (ID, 1, 1000.0)
    assert (durable.event.kind, intent) == ("approval-used", None)
    assert x.approval == ID


def test_a_use_that_cannot_be_recorded_sends_nothing_on(decided):
    """Used up, not recorded: nothing runs, and the client is told to ask anew."""
    decision, _, _ = decided(
        gate_program(), pay(yett_approval=ID.encode()), UseApproval=used, MakeDurable=False
    )
    assert (decision.problem.code, decision.forward) == ("not-recorded", None)
    assert "another approval" in decision.problem.detail


@pytest.mark.parametrize("reason", ["the approval was used before", "the approval has expired"])
def test_why_an_approval_is_invalid_is_for_the_record(decided, reason):
    """The client is told that it is over or for another request, the operator why."""
    decision, _, _ = decided(gate_program(), pay(yett_approval=ID.encode()), UseApproval=reason)
    assert (decision.step, decision.problem.code) == (12, "approval-invalid")
    assert decision.problem.note == reason
    assert reason not in decision.problem.detail


@pytest.mark.parametrize(
    "named", [b"", b"x", ID.upper().encode(), ID.encode() + b"0", f"{ID}, {ID}".encode(), b"\xff"]
)
def test_what_is_no_id_is_not_looked_up(decided, named):
    """A misspelled, repeated or hostile field never reaches the store."""
    decision, _, asked = decided(gate_program(), pay(yett_approval=named))
    assert (decision.problem.code, asked) == ("approval-invalid", [])


@pytest.mark.parametrize("answers", [{"AskApproval": False}, {"AskApproval": None}])
def test_a_store_that_does_not_answer_refuses(decided, answers):
    """No store, no approval: 503, and nothing is forwarded."""
    decision, _, _ = decided(gate_program(), pay(), **answers)
    assert (decision.problem.code, decision.problem.status) == ("not-recorded", 503)
    decision, _, _ = decided(gate_program(), pay(yett_approval=ID.encode()), UseApproval=False)
    assert (decision.problem.code, decision.forward) == ("not-recorded", None)


def test_a_full_store_says_so(decided):
    """Bounds are told to who meets them."""
    decision, _, _ = decided(gate_program(), pay(), AskApproval="20 requests wait")
    assert (decision.problem.code, decision.problem.detail) == (
        "approval-needed",
        "20 requests wait",
    )


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"how": msgspec.structs.replace(HOW, reads=False), "stream_request": True}, pay()),
        ({"how": msgspec.structs.replace(HOW, reads=False), "stream_request": True},
         msgspec.structs.replace(pay(), length=None)),
        ({"how": None}, pay()),
    ],
)  # fmt: skip
def test_what_is_passed_through_unread_cannot_be_approved(decided, changes, wanted):
    """A body that nobody has read is none that somebody approved."""
    decision, _, asked = decided(gate_program(paying(**changes)), wanted)
    assert (decision.step, decision.problem.code, asked) == (12, "approval-needed", [])
    assert decision.problem.members == ()


def test_a_tunnel_cannot_be_approved(decided):
    """What runs through a WebSocket later is not in the request."""
    bound = gate_program(paying(websocket=True))
    assert decided(bound, pay())[0].problem.note == "not approvable"


def test_a_body_without_reader_is_fine_where_there_is_none(decided):
    """An operation without a body can be approved."""
    bound = gate_program(paying(msgspec.structs.replace(HOW, reads=False), body=None))
    wanted = request("/pay", "POST", 0, authorization=b"Bearer good")
    decision, _, (question,) = decided(bound, wanted)
    assert decision.problem.code == "approval-needed"
    assert question.frozen.shown == ""


def test_a_long_body_cannot_be_approved(decided):
    """Nobody reads more than 64 KiB before saying yes; nothing of it is kept."""
    long = b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}'
    decision, _, asked = decided(gate_program(), pay(long), ReadBody=long)
    assert (decision.problem.note, asked) == ("not approvable", [])
    blown = b'"' + "\u202e".encode() * (MAX_SHOWN_CHARACTERS // 6) + b'"'
    assert len(blown) <= MAX_BODY_BYTES + 2
    decision, _, asked = decided(gate_program(), pay(blown), ReadBody=blown)
    assert (decision.problem.note, asked) == ("not approvable", [])


def test_nobody_anonymous_asks_for_approval(decided):
    """Where a credential is optional, approvals make it needed."""
    bound = gate_program(paying(security=((),)))
    wanted = request("/pay", "POST", len(BODY), content_type=b"application/json")
    decision, _, asked = decided(bound, wanted)
    assert (decision.problem.code, asked) == ("credential-missing", [])


def test_a_service_account_may_ask(decided, view):
    """It cannot step up, but other people can vouch for what it does."""
    view.tokens[b"good"] = Verified(msgspec.structs.replace(ALICE, kind="service"))
    assert decided(gate_program(), pay())[0].problem.code == "approval-needed"


def test_observing_freezes_nothing_and_uses_nothing(decided):
    """In mode `observe` the store is not asked and the request goes on, approval or not."""
    bound = gate_program(paying(modes=ENFORCED | {"sensitive": Mode.OBSERVE}))
    for wanted in (pay(), pay(yett_approval=ID.encode())):
        decision, x, asked = decided(bound, wanted)
        assert (decision.verdict, asked) == (Verdict.ALLOW, [])
        assert [problem.code for problem in x.observed] == ["approval-needed"]


def test_off_asks_nobody(decided):
    """With the rule off there is no such step."""
    bound = gate_program(paying(modes=ENFORCED | {"sensitive": Mode.OFF}))
    assert decided(bound, pay())[0].verdict is Verdict.ALLOW


def test_what_is_decided_again_is_not_used_again(decided, view):
    """After a 412 the steps run once more in the same exchange: its approval is used already."""
    bound = gate_program()
    _, x, _ = decided(bound, pay(yett_approval=ID.encode()), UseApproval=used)
    decision, asked = play(x, again(x), {})
    assert (decision.verdict, asked) == (Verdict.ALLOW, [])


def test_every_step_before_runs_again_at_execution(decided, view):
    """An approval opens nothing for who has lost the scope meanwhile."""
    view.tokens[b"good"] = Verified(msgspec.structs.replace(ALICE, scopes=frozenset()))
    decision, _, asked = decided(gate_program(), pay(yett_approval=ID.encode()), UseApproval=used)
    assert (decision.step, decision.problem.code, asked) == (7, "scope-missing", [])


def test_intent_comes_after_use(decided):
    """A sensitive operation's intent is the last thing on disk before the request goes on."""
    bound = gate_program(paying(sensitive=True))
    _, _, asked = decided(bound, pay(yett_approval=ID.encode()), UseApproval=used)
    kinds = [one.event.kind for one in asked if isinstance(one, MakeDurable)]
    assert kinds == ["approval-used", "intent"]
