"""A small policy and an in-memory view answered from dictionaries, for driving `decide` by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256

from yett.contract.config import ApiConfig, Config, CorsConfig, LimitsConfig, VocabularyConfig
from yett.contract.model import Need, SecurityScheme
from yett.credentials.verifier import Verified
from yett.engine.decide import decide
from yett.engine.program import build
from yett.policy.model import RULES, Limit, OperationPolicy, Policy, Taken, Upstream
from yett.policy.routes import Router
from yett.problems import CREDENTIAL_INVALID
from yett.terms import Mode, Principal, Request

BEARER = SecurityScheme(name="oauth", type="oauth2")
KEY = SecurityScheme(name="key", type="apiKey", location="header", parameter="X-API-Key")
COOKIE = SecurityScheme(name="session", type="apiKey", location="cookie", parameter="sid")
ENFORCED = dict.fromkeys(RULES, Mode.ENFORCE)
ALICE = Principal(id="alice", kind="user", issuer="iss", scopes=frozenset({"read"}), scheme="jwt")


def need(scheme=BEARER, *scopes):
    return ((Need(scheme, frozenset(scopes)),),)


def operation(method="GET", template="/things/{id}", **changes):
    fields = {
        "id": f"api.{method} {template}",
        "api": "api",
        "method": method,
        "template": template,
        "upstream": "api",
        "public": False,
        "security": need(BEARER, "read"),
        "parameters": None,
        "body": None,
        "body_required": False,
        "text": None,
        "limits": (),
        "cost": 1.0,
        "concurrency": 0,
        "max_body": 1000,
        "timeout": 5.0,
        "stream_request": False,
        "stream_response": False,
        "websocket": False,
        "idempotent": False,
        "cache": False,
        "sensitive": False,
        "modes": ENFORCED,
        "guard": None,
        "demand": None,
        "declared": None,
        "approvable": None,
        "own": "",
        "pages": False,
    }
    return OperationPolicy(**(fields | changes))


def program(*operations, cors=None, roles=None, fallback=None, concurrency=0, rules=None):
    router = Router()
    for one in operations:
        router.add(one.method, one.template, one)
    if fallback is not None:
        router.fall_back((), fallback)
        operations += (fallback,)
    router.seal()
    config = Config(
        api={"api": ApiConfig(upstream="http://127.0.0.1:1", openapi="o.yaml")},
        cors=cors or CorsConfig(),
        limits=LimitsConfig(concurrency=concurrency),
        vocabulary=VocabularyConfig(roles=roles or {}),
        rules=rules or {},
    )
    upstreams = {"api": Upstream("api", "http", "127.0.0.1", 1)}
    return build(
        Policy(
            router=router,
            operations=operations,
            upstreams=upstreams,
            config=config,
            authz=None,
            credential_fields={},
            digest="d" * 64,
        )
    )


def request(target="/things/7", method="GET", length=0, **headers):
    path, _, query = target.partition("?")
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return Request(
        id="r1",
        method=method,
        path=path,
        segments=tuple(path.split("/")[1:]),
        query=query,
        headers=named,
        source="203.0.113.9",
        secure=False,
        authority="api.test",
        length=length,
    )


@dataclass
class DictView:
    """A view answered from dictionaries; counts what it is told."""

    tokens: dict[bytes, Verified] = field(default_factory=lambda: {b"good": Verified(ALICE)})
    quota: dict[str, int] = field(default_factory=dict)
    banned: set[str] = field(default_factory=set)
    wait: float = 0.0
    failures: Counter = field(default_factory=Counter)
    inside: Counter = field(default_factory=Counter)
    known: dict[str, tuple[dict, float]] = field(default_factory=dict)
    shown: set[tuple[str, str]] = field(default_factory=set)
    sampled: list = field(default_factory=list)
    used: frozenset[str] = frozenset()
    acting: list = field(default_factory=list)
    stale: bool = False

    def take(self, subject: str, limit: Limit, cost: float, now: float) -> Taken:
        left = self.quota.get(subject, 10) - int(cost)
        if left < 0:
            return Taken(False, 0, 60.0, 1.5)
        self.quota[subject] = left
        return Taken(True, left, 60.0, 0.0)

    def give_back(self, subject: str, limit: Limit, cost: float, now: float) -> None:
        self.quota[subject] = self.quota.get(subject, 10) + int(cost)

    def failing(self, source: str, now: float) -> float:
        return self.wait

    def failed(self, source: str, now: float) -> None:
        self.failures[source] += 1

    def enter(self, subject: str, most: int) -> bool:
        if self.inside[subject] >= most:
            return False
        self.inside[subject] += 1
        return True

    def leave(self, subject: str) -> None:
        self.inside[subject] -= 1

    def verify(self, scheme: str, credential: bytes, now: float, source: str):
        return self.tokens.get(credential, CREDENTIAL_INVALID(note=scheme))

    def revoked(self, principal: Principal) -> bool:
        return principal.id in self.banned

    def enriched(self, key: str, now: float):
        attributes, until = self.known.get(key, (None, 0.0))
        return attributes if now < until else None

    def enrich(self, key: str, attributes: dict, until: float) -> None:
        self.known[key] = (attributes, until)

    def first_use(self, name: str, until: float, made: float, now: float) -> bool:
        used, self.used = name in self.used, self.used | {name}
        return not used

    def unused(self, name: str, made: float, now: float) -> bool:
        return name not in self.used

    def nonce(self, now: float) -> bytes:
        return b"nonce-of-ours"

    def accepts_nonce(self, nonce: str, now: float) -> bool:
        return nonce == "nonce-of-ours"

    def seal(self, data: bytes, now: float) -> str:
        return sha256(b"a key of this host" + data).hexdigest()

    def active(self, principal, now: float) -> None:
        self.acting.append(principal)

    def unsure(self, now: float) -> bool:
        return self.stale

    def seen(self, principal: str, uid: str, now: float) -> bool:
        return (principal, uid) in self.shown

    def saw(self, principal: str, uids: tuple[str, ...], now: float) -> None:
        self.shown |= {(principal, uid) for uid in uids}

    def sample(self, slice_, inputs, decided) -> None:
        self.sampled.append((slice_.action, decided))


def drive(x, *answers):
    """Run `decide`, giving the answers in order; return the decision and the questions asked."""
    run, asked, left = decide(x), [], list(answers)
    try:
        question = next(run)
        while True:
            asked.append(question)
            question = run.send(left.pop(0))
    except StopIteration as stop:
        return stop.value, asked
