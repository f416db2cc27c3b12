"""A real file of approvals, and questions to it as the engine asks them."""

from __future__ import annotations

import json

from yett.engine.approvals import (
    AskApproval,
    CastVote,
    ConfirmApproval,
    ConfirmVote,
    FindApprovals,
    Frozen,
    UseApproval,
)
from yett.engine.people import Person
from yett.engine.steps.freeze import canonical, sha256
from yett.state.approvals import Approvals

NOW = 1_000_000.0


def person(id_, kind="user", client="app"):
    return Person(id=id_, issuer="iss", kind=kind, client=client, names=(id_,))


def frozen(number=1, who="anna", sealed=""):
    shown = f'{{"amount": {number}}}'
    text = canonical(
        {
            "issuer": "iss",
            "operation": "shop.pay",
            "requester": who,
            "method": "POST",
            "target": "/pay",
            "shown": sha256(shown.encode()),
        }
    )
    return Frozen(text, sha256(text.encode()), shown, sealed)


class Store:
    """The store with words for what the engine asks."""

    def __init__(self, path):
        self.path = path
        self.approvals = Approvals(path)
        self.approvals.prepare()

    def __call__(self, question):
        return self.approvals.answer(question)

    def ask(self, number=1, who="anna", *, needed=1, within=600, now=NOW, sealed="", kind="user"):
        return self(
            AskApproval(
                frozen=frozen(number, who, sealed),
                operation="shop.pay",
                requester=person(who, kind),
                needed=needed,
                within=within,
                now=now,
                entity=json.dumps({"type": "Booking"}),
            )
        )

    def asked(self, number=1, who="anna", **more):
        """Ask and confirm."""
        found = self.ask(number, who, **more)
        assert self(ConfirmApproval(found.id)) is True
        return found

    def cast(
        self, asked, who="boss", *, approve=True, now=NOW, digest="", kind="user", client="app"
    ):
        return self(
            CastVote(
                id=asked.id,
                digest=digest or asked.frozen.digest,
                voter=person(who, kind, client),
                approve=approve,
                now=now,
            )
        )

    def vote(self, asked, who="boss", **more):
        """Cast and confirm."""
        number = self.cast(asked, who, **more)
        assert type(number) is int, number
        return self(ConfirmVote(id=asked.id, number=number, now=more.get("now", NOW)))

    def use(self, asked, *, now=NOW, needed=1, digest="", sealed=""):
        return self(
            UseApproval(
                id=asked.id,
                digest=digest or asked.frozen.digest,
                sealed=sealed,
                needed=needed,
                now=now,
            )
        )

    def find(self, id_="", now=NOW):
        return self(FindApprovals(now, id_))
