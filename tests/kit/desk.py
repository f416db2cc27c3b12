"""Approvals without a gateway: `decide` driven by hand, its questions answered by the real store."""

from __future__ import annotations

import json

import msgspec
from kit.engine import DictView, request
from kit.store import Store

from yett.credentials.verifier import Verified
from yett.engine.approvals import ApprovalQuestion, ProveVote
from yett.engine.decide import decide
from yett.engine.exchange import Exchange
from yett.engine.questions import LockRecord, MakeDurable, ReadBody, ReadRecord, RecordRead
from yett.policy.model import Taken
from yett.terms import Principal

ISSUER = "https://issuer.test"
BASE = "/.well-known/yett/approvals"
START = 1_700_000_000.0


class Desk:
    """A program, its callers and a store.

    Attributes:
        now: the clock; a test sets it.
        events: what became durable; `durable` says whether it can.
        records: what the service answers to a read: target -> JSON.
        prove: answers whether a vote is signed; False where there is no store of accounts.
    """

    def __init__(self, program, path):
        self.program = program
        self.store = Store(path)
        self.view = DictView()
        self.view.tokens.clear()
        self.view.take = lambda *_: Taken(True, 1, 60.0, 0.0)
        self.now = START
        self.events = []
        self.durable = True
        self.records = {}
        self.prove = lambda _: False

    def know(self, name, *, scopes=(), roles=(), kind="user", **changes):
        scheme = "api_key" if kind == "key" else "jwt"
        fields = {"id": name, "kind": kind, "issuer": ISSUER, "scheme": scheme}
        granted = {"scopes": frozenset(scopes), "roles": frozenset(roles)}
        principal = Principal(**(fields | granted | changes))
        self.view.tokens[name.encode()] = Verified(principal)
        return principal

    def send(self, who, method, target, body=None, **fields):
        """Decide a request; answers (decision, exchange)."""
        raw = b"" if body is None else json.dumps(body).encode()
        named = {"authorization": b"Bearer " + who.encode(), **fields}
        if raw:
            named.setdefault("content_type", b"application/json")
        x = Exchange(self.program, request(target, method, len(raw), **named), self.view, self.now)
        run = decide(x)
        try:
            question = next(run)
            while True:
                question = run.send(self.answer(question, raw))
        except StopIteration as stop:
            return stop.value, x

    def answer(self, question, raw):
        if isinstance(question, ReadBody):
            return raw
        if isinstance(question, MakeDurable):
            if self.durable:
                self.events.append(question.event)
            return self.durable
        if isinstance(question, LockRecord):
            return True
        if isinstance(question, ReadRecord):
            found = self.records.get(question.target)
            body = json.dumps(found or {}).encode()
            return RecordRead(200 if found else 404, "application/json", b"", body)
        assert isinstance(question, ApprovalQuestion)
        if isinstance(question, ProveVote):
            return self.prove(question)
        return self.store(question)

    def ask(self, who, method, target, body=None, **fields):
        """Send what needs approval; answers the members of the 403."""
        decision, _ = self.send(who, method, target, body, **fields)
        assert decision.problem.code == "approval-needed", decision.problem
        return dict(decision.problem.members)

    def own(self, who, path="", body=None):
        """Use an operation of the gate's own; answers (code or 200, the JSON)."""
        decision, _ = self.send(who, "GET" if body is None else "POST", BASE + path, body)
        if decision.problem is not None:
            return decision.problem.code, decision.problem
        return decision.reply[0], msgspec.json.decode(decision.content)

    def vote(self, who, asked, decision="approve", **more):
        body = {"decision": decision, "digest": asked["digest"], **more}
        return self.own(who, f"/{asked['approval']}", body)

    def kinds(self):
        return [(event.kind, event.principal) for event in self.events]
