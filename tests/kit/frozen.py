"""Operations with approvals for driving `decide` by hand, and the answers of a small store."""

from __future__ import annotations

import msgspec
from kit.engine import ALICE, need, operation, program, request

from yett.contract.model import Sensitive
from yett.credentials.verifier import Verified
from yett.engine.approvals import APPROVED, PENDING, Approval, Vote
from yett.engine.people import person_of
from yett.engine.program import build
from yett.policy.approvable import Approvable
from yett.policy.approvals import FROZEN_FIELDS, LIST, OWN_API, SHOW, VOTE
from yett.policy.jsonbody import read_json
from yett.policy.model import BodyRead
from yett.terms import Principal

ID = "0123456789abcdef0123456789abcdef"
BOSS = Principal(
    id="boss", kind="user", issuer="iss", scopes=frozenset({"approve:pay"}), scheme="jwt"
)
HOW = Approvable(reads=True, fields=FROZEN_FIELDS, scope="approve:pay", action="pay:approve")


def read_body(raw, _kind):
    value, forward = read_json(raw)
    return BodyRead(value, forward)


def paying(how=HOW, approvals=1, within=600, **changes):
    """`POST /pay` with a JSON body."""
    fields = {
        "id": "api.pay",
        "body": read_body,
        "demand": Sensitive(approvals=approvals, within=within),
        "approvable": how,
        "max_body": 1 << 20,
    }
    fields |= {"method": "POST", "template": "/pay"}
    return operation(**(fields | changes))


def owned(name, method, template):
    """An operation that the gate answers itself."""
    return operation(
        method,
        template,
        id=f"{OWN_API}.{name}",
        api=OWN_API,
        own=name,
        pages=False,
        security=need(),
        body=read_body if method == "POST" else None,
    )


def gate_program(*operations, digest="d" * 64, authz=None, roles=None):
    """A payment and the gate's own operations."""
    base = "/.well-known/yett/approvals"
    bound = program(
        *(operations or (paying(),)),
        owned(LIST, "GET", base),
        owned(SHOW, "GET", base + "/{id}"),
        owned(VOTE, "POST", base + "/{id}"),
        roles=roles,
    )
    return build(msgspec.structs.replace(bound.policy, digest=digest, authz=authz))


def pay(body=b'{"amount":7}', target="/pay", **fields):
    """A payment of Alice's."""
    named = {"authorization": b"Bearer good", "content_type": b"application/json", **fields}
    return request(target, "POST", len(body), **named)


def know(view, **principals):
    """Let tokens be known: name -> principal."""
    for token, principal in principals.items():
        view.tokens[token.encode()] = Verified(principal)


def approval_of(question, **changes):
    """What a store answers to an `AskApproval`."""
    fields = {
        "id": ID,
        "frozen": question.frozen,
        "operation": question.operation,
        "requester": question.requester,
        "needed": question.needed,
        "created": question.now,
        "expires": question.now + question.within,
        "state": PENDING,
        "recorded": True,
    }
    return Approval(**(fields | changes))


def vote_of(principal=BOSS, *, approve=True):
    return Vote(voter=person_of(principal), approve=approve, time=1000.0)


def play(x, run, answers):
    """Drive a run, answering each kind of question from a dict; answers decision and questions."""
    asked = []
    try:
        question = next(run)
        while True:
            asked.append(question)
            answer = answers[type(question)]
            question = run.send(answer(question) if callable(answer) else answer)
    except StopIteration as stop:
        return stop.value, asked


__all__ = ["ALICE", "APPROVED", "BOSS", "HOW", "ID"]
