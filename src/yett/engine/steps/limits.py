"""Steps 3 and 6: limits per source before anybody is known, then per principal, key and tenant.

All limits of a step are taken or none: when a later one refuses, the earlier units go back, so a
refused request costs nothing. GCRA state lives behind `view`; this only names what is counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.policy.browser import Browser
from yett.policy.model import Limit, OperationPolicy, Policy
from yett.problems import QUOTA_EXCEEDED, TOO_MANY_FAILURES, TOO_MANY_IN_FLIGHT, Problem

Subject = Callable[[Exchange], str]


def make_source_limits(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step:
    """Step 3: slow down failing sources, then count the source."""
    del policy, browser
    limits = tuple(limit for limit in operation.limits if limit.scope == "ip")
    cost = operation.cost

    def source_limits(x: Exchange) -> Outcome:
        wait = x.view.failing(x.request.source, x.now)
        if wait > 0:
            return _slow(wait)
        return take_all(x, limits, cost) if limits else None

    return source_limits


def make_principal_limits(
    operation: OperationPolicy, policy: Policy, browser: Browser
) -> Step | None:
    """Step 6: count the principal, its key and its tenant, and what it has under way."""
    del browser
    limits = tuple(limit for limit in operation.limits if limit.scope != "ip")
    own = operation.concurrency
    shared = policy.config.limits.concurrency
    if not (limits or own or shared):
        return None
    cost = operation.cost
    own_suffix = f" {operation.id}"

    def principal_limits(x: Exchange) -> Outcome:
        problem = take_all(x, limits, cost)
        if problem is not None or not (own or shared):
            return problem
        subject = principal_subject(x)
        if (shared and not _enter(x, subject, shared)) or (
            own and not _enter(x, subject + own_suffix, own)
        ):
            x.release()
            return TOO_MANY_IN_FLIGHT(headers=((b"retry-after", b"1"),), note=subject)
        return None

    return principal_limits


def slow_down(x: Exchange) -> Problem | None:
    """Refuse a source that failed too often, also where no operation was found."""
    wait = x.view.failing(x.request.source, x.now)
    return _slow(wait) if wait > 0 else None


def take_all(x: Exchange, limits: tuple[Limit, ...], cost: float) -> Problem | None:
    """Take the cost from every limit, or from none."""
    view, now = x.view, x.now
    for at, limit in enumerate(limits):
        subject = SUBJECTS[limit.scope](x)
        taken = view.take(subject, limit, cost, now)
        x.taken += ((limit, taken),)
        if not taken.ok:
            for earlier in limits[:at]:
                view.give_back(SUBJECTS[earlier.scope](x), earlier, cost, now)
            return _exceeded(limit, taken.retry)
    return None


def source_subject(x: Exchange) -> str:
    """Name the source; the limiter folds IPv6 addresses to their /64."""
    return "ip " + x.request.source


def principal_subject(x: Exchange) -> str:
    """Name the principal by issuer and id; anonymous callers count by source."""
    principal = x.principal
    return f"{principal.issuer} {principal.id}" if principal.id else source_subject(x)


def key_subject(x: Exchange) -> str:
    """Name the credential's holder: the key id, or the OAuth client."""
    principal = x.principal
    if principal.scheme == "api_key":
        return "key " + principal.credential
    if principal.client:
        return f"client {principal.issuer} {principal.client}"
    return principal_subject(x)


def tenant_subject(x: Exchange) -> str:
    """Name the tenant; callers without one count by themselves."""
    principal = x.principal
    if principal.tenant:
        return f"tenant {principal.issuer} {principal.tenant}"
    return principal_subject(x)


SUBJECTS: dict[str, Subject] = {
    "ip": source_subject,
    "principal": principal_subject,
    "key": key_subject,
    "tenant": tenant_subject,
}


def _enter(x: Exchange, subject: str, most: int) -> bool:
    if not x.view.enter(subject, most):
        return False
    x.entered += (subject,)
    return True


def _exceeded(limit: Limit, retry: float) -> Problem:
    note = f"violated-policies: {limit.name}"
    return QUOTA_EXCEEDED(headers=(_retry_after(retry),), note=note)


def _slow(wait: float) -> Problem:
    return TOO_MANY_FAILURES(headers=(_retry_after(wait),))


def _retry_after(seconds: float) -> tuple[bytes, bytes]:
    """Whole seconds, rounded up: rounding down invites a retry that fails (RFC 9110 s10.2.3)."""
    return b"retry-after", b"%d" % max(1, math.ceil(seconds))
