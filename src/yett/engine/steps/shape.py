"""Step 8, shape: parameters and body fit the contract, and the canonical form is kept to forward.

Everything that the head alone can refuse has been refused when the body is asked for, so a client
that waits for `100 Continue` sends nothing in vain (RFC 9110 s10.1.1).
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.questions import ReadBody
from yett.engine.step import Ask, Outcome, Step
from yett.policy.browser import Browser
from yett.policy.model import Fault, OperationPolicy, Policy
from yett.problems import (
    BODY_INVALID,
    BODY_MALFORMED,
    BODY_MISSING,
    BODY_TOO_DEEP,
    MEDIA_TYPE_UNDECLARED,
    PARAMETER_INVALID,
    PARAMETER_UNKNOWN,
    Kind,
    Problem,
)

# Fault code -> problem kind, for parameters and for bodies.
PARAMETER_KINDS: dict[str, Kind] = {"unknown": PARAMETER_UNKNOWN}
BODY_KINDS: dict[str, Kind] = {
    "media_type": MEDIA_TYPE_UNDECLARED,
    "malformed": BODY_MALFORMED,
    "repeated": BODY_MALFORMED,
    "deep": BODY_TOO_DEEP,
}
MAX_TYPES_TOLD = 10
DETAILS: dict[str, str] = {
    "missing": "a required value is missing",
    "unknown": "the contract declares no such value",
    "repeated": "a value is given more than once",
    "malformed": "a value cannot be read one way",
    "mismatch": "a value does not fit its schema",
}


def make_parameters(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Read path, query, header and cookie parameters."""
    del policy, browser
    read = operation.parameters
    if read is None:
        return None

    def parameters(x: Exchange) -> Outcome:
        found = read(x.arguments, x.request.query, x.request.headers)
        if isinstance(found, Fault):
            return explain(found, PARAMETER_KINDS.get(found.code, PARAMETER_INVALID))
        x.values = found.values
        x.query = found.query
        if found.observed:
            x.observed += tuple(explain(fault, PARAMETER_UNKNOWN) for fault in found.observed)
        return None

    return parameters


def make_body(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Ask for the body, parse it once and keep the bytes that were checked."""
    del policy, browser
    read = operation.body
    if read is None or operation.stream_request:
        return None
    question = ReadBody(operation.max_body)
    required = operation.body_required
    undeclared = other_media_types(operation.media_types)

    def check(x: Exchange, body: bytes | Problem) -> Outcome:
        if isinstance(body, Problem):
            return body
        if not body:
            return BODY_MISSING() if required else None
        x.body = body  # kept before the check: in mode `observe` it is what goes on
        found = read(body, x.request.headers.get(b"content-type", b""))
        if isinstance(found, Fault):
            if found.code == "media_type" and not found.where:  # not of one part of a form
                return undeclared
            return explain(found, BODY_KINDS.get(found.code, BODY_INVALID))
        x.parsed = found.value
        x.body = found.forward
        if found.observed:
            x.observed += tuple(explain(fault, BODY_INVALID) for fault in found.observed)
        return None

    ask = Ask(question, check)

    def body(x: Exchange) -> Outcome:
        return ask if x.request.length != 0 else None

    return body


def other_media_types(declared: tuple[str, ...]) -> Problem:
    """Say which types the contract declares (RFC 9110 s15.5.16: `Accept` tells the client)."""
    plain = [name for name in declared if name.isascii() and name.isprintable()]
    shown = ", ".join(plain[:MAX_TYPES_TOLD])
    if not shown:
        return MEDIA_TYPE_UNDECLARED(note="media_type")
    return MEDIA_TYPE_UNDECLARED(
        f"the contract declares `{shown}`",
        headers=((b"accept", shown.encode()),),
        note="media_type",
    )


def explain(fault: Fault, kind: Kind) -> Problem:
    """Tell the client where and why, never the value (CWE-209)."""
    detail = DETAILS.get(fault.code, "") if kind is not MEDIA_TYPE_UNDECLARED else ""
    if fault.keyword:
        detail = f"{detail}: `{fault.keyword}`"
    return kind(detail, pointer=fault.where, note=f"{fault.code} {fault.keyword}".strip())
