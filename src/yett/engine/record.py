"""Step 16: the event of one request, filled along the way, built once.

Nothing that the client sent enters it unverified but method, path and source; no query, no body, no
header value but the trace id, which is hexadecimal.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from yett.engine.exchange import Exchange
from yett.terms import Decision, Event, Verdict

DIGEST_CHARACTERS = 16
APPROVAL_STEP = 12
FORWARD_STEP = 13
# W3C Trace Context s3.2.2: version, trace-id, parent-id, flags.
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def event(
    x: Exchange,
    decision: Decision,
    *,
    status: int,
    upstream_status: int,
    bytes_in: int,
    bytes_out: int,
    seconds: float,
) -> Event:
    """Build the record of a finished request.

    Args:
        x: the exchange.
        decision: what `decide` answered.
        status: status sent to the client, 0 when the connection was gone before one was.
        upstream_status: status the service gave, 0 when it was not asked.
        bytes_in: body bytes received.
        bytes_out: body bytes sent.
        seconds: from the complete head to the last byte written.
    """
    request, principal, plan = x.request, x.principal, x.plan
    problem = decision.problem
    operation = plan.operation if plan is not None else None
    # By place and in the order of the fields: names cost 0.7 us of 0.8 (a test holds the order).
    return Event(
        x.now,
        request.id,
        "request",
        request.method,
        request.path,
        operation.id if operation is not None else "",
        operation.api if operation is not None else "",
        request.source,
        principal.id,
        principal.kind,
        principal.issuer,
        principal.client,
        principal.tenant,
        principal.credential,
        "allow" if decision.verdict is Verdict.ALLOW else "refuse",
        decision.step,
        problem.kind.code if problem is not None else "",
        problem.note if problem is not None else _notes(x),
        tuple(seen.kind.code for seen in x.observed) if x.observed else (),
        _fingerprint(x, decision),
        status,
        upstream_status,
        bytes_in,
        bytes_out,
        round(seconds * 1000, 3),
        x.program.policy.digest[:DIGEST_CHARACTERS],
        trace_id(request.headers.get(b"traceparent")),
        x.resources,
        x.policies,
        x.why,
    )


def intent(x: Exchange) -> Event:
    """Build the record that a sensitive operation is about to be forwarded."""
    return _milestone(x, "intent", 0)


def outcome(x: Exchange, upstream_status: int) -> Event:
    """Build the record that the service has answered a sensitive operation, before it is told."""
    return _milestone(x, "outcome", upstream_status)


def happening(x: Exchange, kind: str, note: str) -> Event:
    """Build the record of something beside the request itself, such as `approval-used`."""
    return replace(_milestone(x, kind, 0), verdict="", step=APPROVAL_STEP, note=note)


def _milestone(x: Exchange, kind: str, upstream_status: int) -> Event:
    decision = Decision(verdict=Verdict.ALLOW, step=FORWARD_STEP)
    done = event(
        x,
        decision,
        status=0,
        upstream_status=upstream_status,
        bytes_in=0,
        bytes_out=0,
        seconds=0.0,
    )
    return replace(done, kind=kind)


def trace_id(value: bytes | None) -> str:
    """Return the trace id of a well-formed `traceparent`, else nothing."""
    if value is None:
        return ""
    match = _TRACEPARENT.fullmatch(value)
    return match[1].decode() if match is not None else ""


def _notes(x: Exchange) -> str:
    """Say why rules that only observe would have refused: who adopts them asks that first."""
    if not x.observed:
        return ""
    return "; ".join(f"{seen.kind.code}: {seen.note}" for seen in x.observed if seen.note)


def _fingerprint(x: Exchange, decision: Decision) -> str:
    if decision.problem is not None:
        return decision.problem.fingerprint
    return next((seen.fingerprint for seen in x.observed if seen.fingerprint), "")
