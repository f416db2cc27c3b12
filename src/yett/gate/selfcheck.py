"""The self-check of a compiled contract, run before it decides about anybody.

Every operation must be found by its own path, and deciding a made-up request for it must raise
nothing. The credential of that request is believed, so that every step runs. A refusal is fine:
only an exception, or a path that leads elsewhere, makes the contract unusable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from yett.contract.errors import ContractError
from yett.credentials.verifier import Verified
from yett.engine.decide import decide
from yett.engine.exchange import Exchange
from yett.engine.program import Program
from yett.engine.questions import (
    LockRecord,
    Question,
    ReadBody,
    ReadRecord,
    RecordRead,
)
from yett.engine.view import Taken
from yett.policy.cedar.model import Decided, Inputs, Slice
from yett.policy.model import Limit, OperationPolicy
from yett.policy.rules import SELF_CHECK
from yett.problems import Problem
from yett.terms import Finding, Principal, Request

# One of them fits a parameter without being a static sibling's name, also in `{id}.json`.
_SAMPLES = ("0", "self-check", "selfcheck~")
_PARAMETER = re.compile(r"\{[^{}]*\}")
_ANY_METHOD = "*"
_HEADERS = {
    b"host": b"self-check",
    b"authorization": b"Bearer self-check",
    b"content-type": b"application/json",
}


class SelfCheckError(ContractError):
    """The compiled contract does not work; findings name the operations."""


def check_program(program: Program) -> None:
    """Route and decide one made-up request for each operation.

    Raises:
        SelfCheckError: with a finding for each operation that fails.
    """
    findings = list(_failures(program))
    if findings:
        raise SelfCheckError(findings)


def _failures(program: Program) -> Iterator[Finding]:
    for operation in program.policy.operations:
        if operation.method == _ANY_METHOD:
            continue  # answers for undeclared paths; it has none of its own
        segments = _own_path(program, operation)
        if segments is None:
            yield _finding(operation, "no request reaches it: other paths take its place")
            continue
        try:
            _drive(program, operation, segments)
        except Exception as error:  # noqa: BLE001 — whatever it is, it must not happen in traffic
            yield _finding(operation, f"deciding about it fails with {type(error).__name__}")


def _own_path(program: Program, operation: OperationPolicy) -> tuple[str, ...] | None:
    template = operation.template.partition("#")[0]
    for sample in _SAMPLES:
        segments = tuple(_PARAMETER.sub(sample, part) for part in template.split("/")[1:])
        found = program.policy.router.find(segments)
        reached = found and found[0].leaves.get(operation.method)
        # A variant that differs by its fragment alone is not served (finding `path-fragment`).
        if reached is operation or (reached and "#" in operation.template):
            return segments
    return None


def _drive(program: Program, operation: OperationPolicy, segments: tuple[str, ...]) -> None:
    request = Request(
        id="self-check",
        method=operation.method,
        path="/" + "/".join(segments),
        segments=segments,
        query="",
        headers=_HEADERS,
        source="127.0.0.1",
        secure=True,
        authority="self-check",
        length=2 if operation.body else 0,
    )
    needs = [need for way in operation.security or () for need in way]
    scopes: Iterable[str] = (scope for need in needs for scope in need.scopes)
    exchange = Exchange(program, request, _Anybody(frozenset(scopes)), 0.0)
    run = decide(exchange)
    try:
        question = next(run)
        while True:
            question = run.send(_answer(question))
    except StopIteration:
        exchange.release()


def _answer(question: Question) -> Any:
    match question:
        case ReadBody():
            return b"{}"
        case ReadRecord():
            return RecordRead(200, "application/json", b"", b"{}")
        case LockRecord():
            return True
    return False


class _Anybody:
    """A view in which every credential is good and no limit is reached."""

    def __init__(self, scopes: frozenset[str]) -> None:
        self._principal = Principal(
            id="self-check", kind="service", issuer="self-check", scopes=scopes
        )

    def take(self, _subject: str, limit: Limit, _cost: float, _now: float) -> Taken:
        return Taken(ok=True, remaining=int(limit.quota), reset=0.0, retry=0.0)

    def give_back(self, _subject: str, _limit: Limit, _cost: float, _now: float) -> None:
        return None

    def failing(self, _source: str, _now: float) -> float:
        return 0.0

    def failed(self, _source: str, _now: float) -> None:
        return None

    def enter(self, _subject: str, _most: int) -> bool:
        return True

    def leave(self, _subject: str) -> None:
        return None

    def verify(
        self, _scheme: str, _credential: bytes, _now: float, _source: str
    ) -> Verified | Problem:
        return Verified(self._principal)

    def revoked(self, _principal: Principal) -> bool:
        return False

    def first_use(self, _name: str, _until: float, _made: float, _now: float) -> bool:
        return True

    def unused(self, _name: str, _made: float, _now: float) -> bool:
        return True

    def nonce(self, _now: float) -> bytes:
        return b""

    def accepts_nonce(self, _nonce: str, _now: float) -> bool:
        return True

    def seal(self, _data: bytes, _now: float) -> str:
        return "0" * 64

    def active(self, _principal: Principal, _now: float) -> None:
        return None

    def unsure(self, _now: float) -> bool:
        return False

    def enriched(self, _key: str, _now: float) -> dict[str, Any] | None:
        return None

    def enrich(self, _key: str, _attributes: dict[str, Any], _until: float) -> None:
        return None

    def seen(self, _principal: str, _uid: str, _now: float) -> bool:
        return False

    def saw(self, _principal: str, _uids: tuple[str, ...], _now: float) -> None:
        return None

    def sample(self, _slice: Slice, _inputs: Inputs, _decided: Decided) -> None:
        return None


def _finding(operation: OperationPolicy, message: str) -> Finding:
    return Finding(
        rule=SELF_CHECK.id,
        severity=SELF_CHECK.severity,
        message=f"`{operation.id}`: {message}",
        hint="run `yett check`; if it finds nothing, please report this as a bug of yett",
        subject=operation.id,
    )
