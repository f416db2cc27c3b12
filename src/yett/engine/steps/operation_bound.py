"""Step 12, `bind: operation`: a token that was issued for exactly this request, good for one call.

Whoever has stolen a freshly signed-in session, or runs in the page of one, can do what the person
agreed to and nothing else. The challenge says what to ask the issuer for (RFC 9470 s3, RFC 9396);
the token that comes back is held against the request anew. Format: docs/spec/operation-token.md.
"""

from __future__ import annotations

import hmac
from typing import Any

from msgspec.structs import replace

from yett.contract.model import Sensitive
from yett.credentials.operation import TYPE, OperationDetail, read_operation
from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.engine.steps.freeze import canonical, look, sha256
from yett.engine.steps.step_up import NO_STEP_UP, SignIn, can_sign_in, challenge, judge
from yett.policy.approvable import Approvable
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import (
    CREDENTIAL_INVALID,
    CREDENTIAL_MISSING,
    KEYS_UNAVAILABLE,
    NOT_PERMITTED,
    STEP_UP_NEEDED,
    Problem,
)
from yett.terms import Mode, Principal

FORMAT = "yett-operation/1"
# Remembered until it expires, so what lives longer would fill the memory; and a token for one call
# has no reason to.
MAX_LIFETIME_SECONDS = 600.0
# A token is judged by the time at which its request arrived; beside its body and the service, keys,
# records and locks may have been waited for. It is remembered until no request is left that came
# while it was good.
SLACK_SECONDS = 60.0
UNBOUND = "this operation needs a token for exactly this request"
OTHER = "the token is for another request"
USED = "the token was used before"


def make_operation_bound(
    operation: OperationPolicy, policy: Policy, browser: Browser
) -> Step | None:
    """Ask for a token of the very request where the operation demands one."""
    del browser
    demand, how = operation.demand, operation.approvable
    if demand is None or demand.bind != "operation":
        return None
    if how is None or operation.websocket:
        return lambda _x: UNFREEZABLE
    uses = operation.modes["sensitive"] is not Mode.OBSERVE
    slack = SLACK_SECONDS + policy.config.gateway.body_timeout + operation.timeout
    return OperationBound(demand, how, judge(demand, policy), slack if uses else None)


class OperationBound:
    """Holds the token of a request against the request.

    Args:
        demand: what the operation asks for.
        how: how its requests are frozen.
        sign_in: judges `acr` and `auth_time` of a principal.
        slack: seconds for which a used token is remembered beyond its end; None where tokens are
            not used up, because the rule only observes.
    """

    __slots__ = ("_demand", "_how", "_sign_in", "_slack")

    def __init__(
        self, demand: Sensitive, how: Approvable, sign_in: SignIn, slack: float | None
    ) -> None:
        self._demand, self._how = demand, how
        self._sign_in = sign_in
        self._slack = slack

    def __call__(self, x: Exchange) -> Outcome:
        """Let the request go on, or say what token it needs."""
        if not x.principal.id:
            return CREDENTIAL_MISSING(headers=((b"www-authenticate", b"Bearer"),))
        if not can_sign_in(x.principal):
            return NO_STEP_UP
        if not self._how.reads and x.request.length != 0:
            return UNFREEZABLE
        digest = digest_of(x, self._how)
        if not digest:
            return KEYS_UNAVAILABLE(note="there is no key to seal what is secret with")
        principal, detail = _find(x)
        problem = self._compare(x, detail, digest) or self._sign_in(x, principal)
        if problem is None and self._slack is not None:
            problem = self._use(x, principal, self._slack)
        return None if problem is None else _asking_for(x, problem, digest)

    def _compare(self, x: Exchange, detail: OperationDetail | None, digest: str) -> Problem | None:
        assert x.plan is not None
        if detail is None:
            return challenge(self._demand, UNBOUND)
        same = detail.operation == x.plan.operation.id
        if not hmac.compare_digest(detail.digest, digest) or not same:
            return challenge(self._demand, OTHER)
        return None

    def _use(self, x: Exchange, principal: Principal, slack: float) -> Problem | None:
        """Use the token up: before anything is sent on, by one of all workers."""
        issued, expires = principal.claims.get("iat"), principal.expires
        if not principal.credential or not isinstance(issued, int | float):
            return _invalid("a token for one call needs `jti` and `iat`")
        if expires - x.now > MAX_LIFETIME_SECONDS:
            return _invalid(f"a token for one call lives {MAX_LIFETIME_SECONDS:.0f} s at most")
        name = f"jti:{principal.issuer} {principal.credential}"
        if not x.view.first_use(name, expires + slack, issued, x.now):
            return challenge(self._demand, USED)
        return None


def digest_of(x: Exchange, how: Approvable) -> str:
    """Return the digest of the request; empty where something is secret and cannot be sealed."""
    seen = look(x, how)
    sealed = ""
    if seen.covered:
        # Not a plain digest: a PIN can be guessed from that, and this one travels.
        sealed = x.view.seal(canonical(seen.covered).encode(), x.now)
        if not sealed:
            return ""
    return sha256(operation_text(seen.members, sealed).encode())


def operation_text(members: dict[str, Any], sealed: str) -> str:
    """Write the text that is digested."""
    return canonical({**members, "format": FORMAT, "sealed": sealed})


def _find(x: Exchange) -> tuple[Principal, OperationDetail | None]:
    """Find the credential that is for one call: the caller's own, or beside its session."""
    caller = x.principal
    for principal in (caller, *x.proven.values()):
        detail = read_operation(principal.claims)
        same = (principal.issuer, principal.id) == (caller.issuer, caller.id)
        if isinstance(detail, OperationDetail) and same and can_sign_in(principal):
            return principal, detail
    return caller, None


def _asking_for(x: Exchange, problem: Problem, digest: str) -> Problem:
    """Add what the client passes to the issuer as `authorization_details` (RFC 9396 s2)."""
    assert x.plan is not None
    if problem.kind is not STEP_UP_NEEDED:
        return problem
    wanted = {"type": TYPE, "operation": x.plan.operation.id, "digest": digest}
    return replace(problem, members=(("authorization_details", [wanted]),))


def _invalid(note: str) -> Problem:
    headers = ((b"www-authenticate", b'Bearer error="invalid_token"'),)
    return CREDENTIAL_INVALID(headers=headers, note=note)


UNFREEZABLE = NOT_PERMITTED(
    "a body that is passed through unread cannot be bound to a token", note="cannot be frozen"
)
