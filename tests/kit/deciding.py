"""A compiled shop whose questions are answered from dictionaries: step 11 without a gateway."""

from __future__ import annotations

import json

from kit.engine import DictView, request
from kit.shop import OWN, answer, compile_shop, document, operation
from msgspec.structs import replace

from yett.credentials.verifier import Verified
from yett.engine.decide import again, decide
from yett.engine.exchange import Exchange
from yett.engine.program import build
from yett.engine.questions import (
    FetchKeys,
    LockRecord,
    MakeDurable,
    ReadBody,
    ReadRecord,
    RecordRead,
)
from yett.terms import Principal

NOW = 1_700_000_000.0
ISSUER = "https://issuer.test"
JSON = "application/json"
GONE = RecordRead(404, JSON, b"", b"{}")


def person(id_="7", *roles, **changes):
    """A principal whom a token proves."""
    fields = {
        "id": id_,
        "kind": "user",
        "issuer": ISSUER,
        "roles": frozenset(roles),
        "scheme": "jwt",
        "expires": NOW + 600,
    }
    return Principal(**(fields | changes))


def booking(id_=3, customer=7, status="draft", **changes):
    """The JSON of a booking."""
    return {"id": id_, "customer_id": customer, "status": status, "price": 10} | changes


def read(value, etag=b"", status=200, media_type=JSON):
    """What the service answers to a read."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return RecordRead(status, media_type, etag, body)


COMPILED = {}  # a policy is never written to, so the same contract is compiled once


def compiled(folder, contents, settings):
    """The policy and program of a shop."""
    key = json.dumps([contents, settings], sort_keys=True)
    if key not in COMPILED:
        policy = compile_shop(folder, contents, **settings)
        COMPILED[key] = policy, build(policy)
    return COMPILED[key]


class Scene:
    """One compiled contract, its callers and the records of its service.

    Attributes:
        people: token -> principal.
        records: target -> what a read of it is answered with; nothing there is a 404.
        free: whether a lock is given.
        asked: the questions of the last run, in order.
        x: the last exchange.
    """

    def __init__(self, folder, contents=None, **settings):
        self.policy, self.program = compiled(folder, contents, settings)
        self.view = DictView()
        self.people = {"ann": person(), "bob": person("8"), "staff": person("1", "staff")}
        self.records = {"/bookings/3": read(booking())}
        self.free = True
        self.asked = []

    def decide(self, method, target, body=None, who="ann", source="", **headers):
        """Decide one request; a `body` that is no bytes is sent as JSON."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        self.view.quota.clear()
        self.view.tokens = {n.encode(): Verified(p) for n, p in self.people.items()}
        if who:
            headers.setdefault("authorization", b"Bearer " + who.encode())
        if raw is not None:
            headers.setdefault("content_type", JSON.encode())
        wanted = request(target, method, len(raw or b""), **headers)
        wanted = replace(wanted, source=source or wanted.source)
        self.x = Exchange(self.program, wanted, self.view, NOW)
        return self._drive(decide(self.x), raw)

    def again(self):
        """Decide the last request once more, as after a 412."""
        return self._drive(again(self.x), None)

    def read_targets(self):
        """The targets that were read in the last run."""
        return [one.target for one in self.asked if isinstance(one, ReadRecord)]

    def _drive(self, run, raw):
        self.asked = []
        answer = None
        try:
            while True:
                question = run.send(answer)
                self.asked.append(question)
                answer = self._answer(question, raw)
        except StopIteration as stop:
            return stop.value

    def _answer(self, question, raw):
        match question:
            case ReadBody():
                return raw or b""
            case ReadRecord(target=target):
                return self.records.get(target, GONE)
            case LockRecord():
                return self.free
            case MakeDurable() | FetchKeys():
                return True
            case _:
                raise AssertionError(question)


STRING = {"type": "string"}
NOTE = {
    "type": "object",
    "required": ["key", "owner"],
    "properties": {
        "key": STRING,
        "owner": {"type": "string", "x-yett-ref": "User"},
        "title": STRING,
        "salary": {"type": ["integer", "null"], "x-yett-class": "money"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": STRING,
                    "price": {"type": "integer", "x-yett-class": "money"},
                },
            },
        },
        "about": {
            "type": "object",
            "properties": {"place": STRING, "rate": {"type": "integer", "x-yett-class": "money"}},
        },
    },
}
SENT = {"type": "object", "properties": NOTE["properties"]}
PAYMENT = {
    "type": "object",
    "properties": {
        "booking_id": {"type": ["integer", "string", "null"], "x-yett-ref": "Booking"},
        "others": {"type": "array", "items": {"type": "integer", "x-yett-ref": "Booking"}},
        "amount": {"type": "integer"},
    },
}
EDITS = {"type": "array", "items": {"type": "object"}}
KEY = [{"name": "key", "in": "path", "required": True, "schema": STRING}]
ONE_NOTE = {"type": "Note", "id": "path.key", "key": "/key"}
RULES = (
    OWN
    + """
@id("notes")
permit(principal is User, action in Action::"tag:notes", resource is Note) when {
  resource.owner == principal
};
@id("money")
permit(principal in Role::"staff", action in Action::"write:money", resource);
@id("pay")
permit(principal is User, action == Action::"pay", resource);
"""
)


def wide():
    """The shop with notes (ids are text, PUT, merge patch and JSON Patch) and payments."""
    made = document()
    patch = operation("patchNote", answer(NOTE), tags=("notes",), resource=ONE_NOTE)
    patch["requestBody"] = {
        "required": True,
        "content": {
            "application/merge-patch+json": {"schema": SENT},
            "application/json-patch+json": {"schema": EDITS},
        },
    }
    attrs = {"owner": "/owner", "title": "/title"}
    made["paths"] |= {
        "/notes/{key}": {
            "parameters": KEY,
            "get": operation(
                "getNote", answer(NOTE), tags=("notes",), resource={**ONE_NOTE, "attrs": attrs}
            ),
            "put": operation("putNote", answer(NOTE), SENT, tags=("notes",), resource=ONE_NOTE),
            "patch": patch,
        },
        "/payments": {
            "post": operation("pay", answer({"type": "object"}), PAYMENT, tags=()),
        },
    }
    return json.loads(json.dumps(made))


def note(key="n1", owner="7", **changes):
    """The JSON of a note."""
    return {"key": key, "owner": owner, "title": "t"} | changes
