"""The gate's own operations: who may approve sees what is asked for, and votes.

Reached when every step has let go, like forwarding. Who is neither the requester nor allowed to
approve is told that there is no such approval. A vote counts once it is in the ledger. See
docs/spec/approval.md sections 5 and 6.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from math import ceil
from typing import Any

import msgspec
from msgspec.structs import replace

from yett.engine.approvals import (
    MAX_LISTED,
    OPEN,
    PENDING,
    Approval,
    CastVote,
    ConfirmVote,
    FindApprovals,
    Proven,
    ProveVote,
    Unproven,
)
from yett.engine.exchange import Exchange
from yett.engine.people import Person, person_of, same
from yett.engine.questions import MakeDurable, Question
from yett.engine.record import APPROVAL_STEP, FORWARD_STEP, happening
from yett.engine.steps.approval import UNKEPT, UNRECORDED, noted
from yett.engine.suffrage import may_approve
from yett.policy.approvals import LIST, SHOW
from yett.policy.headers import enforces
from yett.problems import APPROVAL_INVALID, NO_SUCH_RECORD, NOT_PERMITTED, Problem
from yett.terms import Decision, Verdict

Run = Generator[Question, Any, Decision]

APPROVE = "approve"
UNKNOWN = NO_SUCH_RECORD("there is no such approval", note="not there, or not for this caller")
NO_PASSKEYS = APPROVAL_INVALID(
    "there are no passkeys here; leave `assertion` out", note="an assertion without an issuer"
)
OWN_REQUEST = NOT_PERMITTED("nobody approves what they asked for themselves", note="own request")


def answer_own(x: Exchange) -> Run:
    """Answer an operation of the gate itself."""
    assert x.plan is not None
    if x.plan.operation.own == LIST:
        return (yield from _list(x))
    identifier = x.arguments[0]
    found = yield FindApprovals(x.now, identifier)
    if not isinstance(found, tuple):
        return _refuse(UNKEPT)
    approval = next((one for one in found if _is_current(x, one)), None)
    if approval is None:
        return _refuse(UNKNOWN)
    if not (_is_requester(x, approval) or may_approve(x, approval)):
        return _refuse(UNKNOWN)
    if x.plan.operation.own == SHOW:
        return _reply(x, described(x, approval))
    if same(approval.requester, person_of(x.principal)):
        return _refuse(OWN_REQUEST)
    return (yield from _vote(x, approval))


def _list(x: Exchange) -> Run:
    found = yield FindApprovals(x.now)
    if not isinstance(found, tuple):
        return _refuse(UNKEPT)
    shown: list[dict[str, Any]] = []
    for approval in found:
        if len(shown) == MAX_LISTED:
            break
        if not _is_current(x, approval):
            continue
        if _is_requester(x, approval) or may_approve(x, approval):
            shown.append(summary(x, approval))
    return _reply(x, {"approvals": shown})


def _vote(x: Exchange, approval: Approval) -> Run:
    """Put a vote down, make it durable, count it: in this order, so that none counts unrecorded."""
    proven = yield from _prove(x, approval)
    if isinstance(proven, Problem):
        return _refuse(proven)
    approve = x.parsed["decision"] == APPROVE
    question = CastVote(
        id=approval.id,
        digest=x.parsed["digest"],
        voter=proven.voter,
        approve=approve,
        now=x.now,
        evidence=proven.evidence,
    )
    number = yield question
    if isinstance(number, str):
        return _refuse(APPROVAL_INVALID(number, note=number))
    if number is False:
        return _refuse(UNKEPT)
    kind = "approval-given" if approve else "approval-refused"
    happened = replace(happening(x, kind, noted(approval)), evidence=proven.evidence)
    if not (yield MakeDurable(happened)):
        return _refuse(UNRECORDED)
    counted = yield ConfirmVote(id=approval.id, number=number, now=x.now)
    if isinstance(counted, str):
        return _refuse(APPROVAL_INVALID(counted, note=counted))
    if not isinstance(counted, Approval):
        return _refuse(UNKEPT)
    return _reply(x, described(x, counted))


def _prove(x: Exchange, approval: Approval) -> Generator[Question, Any, Proven | Problem]:
    """Have the signature of a vote verified, where there are passkeys at all."""
    voter: Person = person_of(x.principal)
    config, assertion = x.program.policy.config, x.parsed.get("assertion")
    if config.identity.builtin is None:
        return Proven(voter=voter) if assertion is None else NO_PASSKEYS
    proven = yield ProveVote(
        id=approval.id,
        digest=x.parsed["digest"],
        voter=voter,
        approve=x.parsed["decision"] == APPROVE,
        now=x.now,
        assertion="" if assertion is None else json.dumps(assertion),
        signatures=config.authz.signatures,
    )
    if isinstance(proven, Unproven):
        return APPROVAL_INVALID(proven.detail, note=proven.note)
    return proven if isinstance(proven, Proven) else UNKEPT


def summary(x: Exchange, approval: Approval) -> dict[str, Any]:
    """Describe an approval without its body."""
    return {
        "approval": approval.id,
        "digest": approval.frozen.digest,
        "state": approval.state,
        "operation": approval.operation,
        "needed": approval.missing() if approval.state == PENDING else 0,
        "expires_in": max(0, ceil(approval.expires - x.now)) if approval.state in OPEN else 0,
        "yours": _is_requester(x, approval),
        "request": json.loads(approval.frozen.text),
    }


def described(x: Exchange, approval: Approval) -> dict[str, Any]:
    """Describe an approval with all that approvers see."""
    votes = [
        {
            "by": vote.voter.id,
            "issuer": vote.voter.issuer,
            "decision": "approve" if vote.approve else "refuse",
            "time": vote.time,
            "signed": bool(vote.evidence),
        }
        for vote in approval.votes
    ]
    return {**summary(x, approval), "body": approval.frozen.shown, "votes": votes}


def _is_requester(x: Exchange, approval: Approval) -> bool:
    """Whether the caller asked for it: exactly, or a name of their choice would show them others'.

    To vote is another question: there whoever may be the requester is refused.
    """
    asked, caller = approval.requester, x.principal
    return (asked.id, asked.issuer, asked.kind) == (caller.id, caller.issuer, caller.kind)


def _is_current(x: Exchange, approval: Approval) -> bool:
    """Whether it was asked for under this very contract; else it can never be used."""
    policy = json.loads(approval.frozen.text).get("policy")
    return bool(policy == x.program.policy.digest) and approval.operation in x.program.plans


def _reply(x: Exchange, value: dict[str, Any]) -> Decision:
    fields: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)
    if not enforces(x.program.policy.config, "response_headers"):
        fields += ((b"cache-control", b"no-store"),)
    return Decision(
        verdict=Verdict.ALLOW,
        step=FORWARD_STEP,
        reply=(200, fields),
        content=msgspec.json.encode(value),
    )


def _refuse(problem: Problem) -> Decision:
    return Decision(verdict=Verdict.REFUSE, step=APPROVAL_STEP, problem=problem)
