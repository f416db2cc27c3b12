"""Scenarios: one contract, a service without any check, and what each caller gets. For any adapter.

`tests/scenarios/*.yaml` say what is sent and what must come; an adapter gives `play` a function that
sends one request and answers (status, headers, body). The service is `Store`, called by the adapter's
own server. Nothing in here knows how a request travels.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

FOLDER = Path(__file__).parent.parent / "scenarios"
KEY = ec.generate_private_key(ec.SECP256R1())
CALLERS = {
    "ann": {"sub": "1"},
    "bob": {"sub": "2"},
    "sam": {"sub": "9", "roles": ["staff"], "scope": "refund"},
    "sue": {"sub": "8", "roles": ["staff"], "scope": "refund approve:refundBooking"},
}
BOOKINGS = {
    1: {"id": 1, "customer_id": 1, "status": "draft", "price": 10, "phone": "111", "note": "a"},
    2: {"id": 2, "customer_id": 2, "status": "draft", "price": 20, "phone": "222", "note": "b"},
    3: {"id": 3, "customer_id": 1, "status": "confirmed", "price": 30, "phone": "111"},
}
UNDECLARED = {"password_hash": "x", "internal": {"margin": 3}}


def scenarios():
    """(file name, case) for each case, with the file's own settings merged in."""
    for path in sorted(FOLDER.glob("*.yaml")):
        told = yaml.safe_load(path.read_text())
        shared = {key: value for key, value in told.items() if key not in {"cases", "promise"}}
        for case in told["cases"]:
            yield path.stem, shared | case


def token(name, **more):
    """A token of one of `CALLERS`."""
    now = int(time.time())
    claims = {
        "iss": "https://issuer.test",
        "aud": "https://api.test",
        "client_id": "app",
        "jti": f"t-{name}-{now}",
        "iat": now,
        "exp": now + 600,
        **CALLERS[name],
        **more,
    }
    return jwt.encode(claims, KEY, "ES256", {"kid": "k", "typ": "at+jwt"})


def write_contract(folder, port, more=""):
    """Write the contract of the scenarios for a service on `port`."""
    shutil.copytree(FOLDER / "shop", folder, dirs_exist_ok=True)
    toml = folder / "yett.toml"
    toml.write_text(toml.read_text().replace("{port}", str(port)) + more)
    public = json.loads(ECAlgorithm(ECAlgorithm.SHA256).to_jwk(KEY.public_key()))
    keys = {"keys": [{**public, "kid": "k", "use": "sig", "alg": "ES256"}]}
    (folder / "jwks.json").write_text(json.dumps(keys))
    return folder


class Store:
    """Bookings, payments and users, given and taken without a single check.

    Args:
        tagged: with ETags; `If-Match` is honoured.
        leaky: answers hold fields that the contract does not declare.
        breaks: a transition leaves the record where it was.

    Attributes:
        log: `METHOD target` of all that reached it, in order.
    """

    def __init__(self, *, tagged=True, leaky=False, breaks=False):
        self.tagged, self.leaky, self.breaks = tagged, leaky, breaks
        self.bookings = json.loads(json.dumps(BOOKINGS), object_hook=_numbered)
        self.payments = []
        self.versions = dict.fromkeys(self.bookings, 1)
        self.log = []
        self.requests = []

    def handle(self, method, target, headers, body):
        """Answer one request: status, header lines and body."""
        self.log.append(f"{method} {target}")
        self.requests.append((method, target, headers, body))
        path = target.partition("?")[0]
        parts = path.split("/")[1:]
        given = json.loads(body) if body else {}
        match (method, *parts):
            case ("GET", "bookings"):
                items = [self.show(id_) for id_ in sorted(self.bookings)]
                return self.say(200, {"items": items, "total": len(items)}, total=len(items))
            case ("POST", "bookings"):
                return self.say(201, self.make(given))
            case ("POST", "payments"):
                self.payments.append(given)
                return self.say(201, given)
            case ("GET", "users", id_):
                return self.say(200, {"id": int(id_), "name": "somebody"})
            case (_, "bookings", id_, *action):
                return self.one(method, int(id_), action, headers, given)
        return self.say(404, {"error": "no such path"})

    def one(self, method, id_, action, headers, given):
        if id_ not in self.bookings:
            return self.say(404, {"error": f"there is no booking {id_}"})
        if method in {"GET", "HEAD"}:
            return self.say(200, self.show(id_), id_)
        if self.tagged and headers.get("if-match", self.tag(id_)) != self.tag(id_):
            return self.say(412, {"error": "changed"}, id_)
        if method == "DELETE":
            del self.bookings[id_]
            return 204, [], b""
        states = {"confirm": "confirmed", "refund": "cancelled"}
        changes = {"status": states[action[0]]} if action else given
        self.bookings[id_].update({} if self.breaks else changes)
        self.versions[id_] += 1
        return self.say(200, self.show(id_), id_)

    def make(self, given):
        id_ = max(self.bookings) + 1
        self.bookings[id_] = {"id": id_, "customer_id": 1, "status": "draft", "price": 0, **given}
        self.versions[id_] = 1
        return self.show(id_)

    def show(self, id_):
        return self.bookings[id_] | (UNDECLARED if self.leaky else {})

    def tag(self, id_):
        return f'"{id_}-{self.versions[id_]}"'

    def say(self, status, value, id_=None, total=None):
        lines = [("content-type", "application/json")]
        if self.tagged and id_ is not None and id_ in self.versions:
            lines.append(("etag", self.tag(id_)))
        if total is not None:
            lines.append(("x-total-count", str(total)))
        return status, lines, json.dumps(value).encode()


def _numbered(found):
    return {int(key) if key.isdigit() else key: value for key, value in found.items()}


async def play(case, store, ask):
    """Play one case: its steps in order, then what reached the service.

    Args:
        case: from `scenarios`.
        store: the service behind the adapter, new for this case.
        ask: `async (method, target, headers, body) -> (status, headers, body)`.
    """
    known = {}
    for step in case.get("steps") or [case]:
        method, _, target = _fill(step["send"], known).partition(" ")
        headers = {"host": "shop.test"} | {
            k: _fill(v, known) for k, v in step.get("headers", {}).items()
        }
        if "as" in step:
            headers["authorization"] = f"Bearer {token(step['as'])}"
        body = b""
        if "json" in step:
            body = _fill(json.dumps(step["json"]), known).encode()
            headers.setdefault("content-type", "application/json")
        answer = await ask(method, target, headers, body)
        check(step["expect"], *answer)
        for name, member in step.get("keep", {}).items():
            known[name] = json.loads(answer[2])[member]
    if "reached" in case:
        assert store.log == case["reached"]
    for id_, wanted in case.get("records", {}).items():
        found = store.bookings.get(id_)
        assert found is wanted if wanted is None else wanted.items() <= found.items(), found


def check(expect, status, headers, body):
    """Compare one answer with what it must be."""
    assert status == expect["status"], (status, body)
    if "json" in expect:
        assert json.loads(body) == expect["json"]
    if "body" in expect:
        assert body == expect["body"].encode()
    for text in expect.get("lacks", ()):
        # A request's id and the date are digits that may be anything, once in a hundred runs.
        assert text not in body.decode().replace(headers.get("yett-request-id", "-"), ""), text
        told = {k: v for k, v in headers.items() if k not in {"date", "yett-request-id"}}
        assert all(text not in f"{name}: {value}" for name, value in told.items()), text
    if "members" in expect:
        found = json.loads(body)
        assert expect["members"].items() <= found.items(), found
    for name, value in expect.get("headers", {}).items():
        assert headers.get(name) == value, (name, headers)


def _fill(text, known):
    return re.sub(r"\$\{(\w+)\}", lambda found: str(known[found[1]]), text)
