"""Step 12, step-up: is the caller's sign-in strong and fresh enough for this operation?

The challenge is that of RFC 9470 s3; a client signs in again with `acr_values` and `max_age` and
comes back with a new token. API keys and service accounts cannot sign in again: they are refused.
"""

from __future__ import annotations

from collections.abc import Callable

from yett.contract.builtin import issuers_of
from yett.contract.model import Sensitive
from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import (
    CREDENTIAL_INVALID,
    CREDENTIAL_MISSING,
    NOT_PERMITTED,
    STEP_UP_NEEDED,
    Problem,
)
from yett.terms import Principal

WEAK = "this operation needs another way to sign in"
STALE = "this operation needs a more recent sign-in"
NO_PERSON = "this operation needs a person who signs in; an API key or service account cannot"


SignIn = Callable[[Exchange, Principal], "Problem | None"]
# What a person can sign in for again: tokens, of whatever form, and a browser's session.
SIGNED_IN = frozenset(("jwt", "introspection", "session"))


def make_step_up(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Compare the token with what the operation demands."""
    del browser
    demand = operation.demand
    # `bind` asks for a sign-in and for its token in one challenge: `operation_bound`.
    if demand is None or demand.bind or (not demand.acr and demand.max_age is None):
        return None
    sign_in = judge(demand, policy)

    def step_up(x: Exchange) -> Outcome:
        principal = x.principal
        if not principal.id:
            return CREDENTIAL_MISSING(headers=((b"www-authenticate", b"Bearer"),))
        return sign_in(x, principal) if can_sign_in(principal) else NO_STEP_UP

    return step_up


def can_sign_in(principal: Principal) -> bool:
    """Whether somebody is there who can sign in again."""
    return principal.kind == "user" and principal.scheme in SIGNED_IN


def judge(demand: Sensitive, policy: Policy) -> SignIn:
    """Make what says whether a sign-in is strong and fresh enough."""
    accepted = frozenset(demand.acr.split())
    # An issuer's clock may differ by as much for a sign-in as for a token.
    skews = {issuer.url: issuer.skew for issuer in issuers_of(policy.config.identity)}
    weak, stale = challenge(demand, WEAK), challenge(demand, STALE)
    max_age = demand.max_age

    def sign_in(x: Exchange, principal: Principal) -> Problem | None:
        claims = principal.claims
        if accepted and not _is_one_of(claims.get("acr"), accepted):
            return weak
        if max_age is None:
            return None
        signed_in, skew = claims.get("auth_time"), skews.get(principal.issuer, 0.0)
        # An absent time is not a fresh one: `MultiFactorAuthAge` that is missing must deny too.
        if not isinstance(signed_in, int | float) or isinstance(signed_in, bool):
            return stale
        if signed_in > x.now + skew:
            return FROM_THE_FUTURE
        return None if x.now - signed_in <= max_age + skew else stale

    return sign_in


def challenge(demand: Sensitive, description: str) -> Problem:
    """Build the 401 of RFC 9470 s3: everything that is demanded, so that one sign-in is enough."""
    parts = [f'error="insufficient_user_authentication", error_description="{description}"']
    if demand.acr:
        parts.append(f'acr_values="{_quotable(demand.acr)}"')
    if demand.max_age is not None:
        parts.append(f'max_age="{demand.max_age}"')
    value = f"Bearer {', '.join(parts)}".encode("ascii", "replace")
    return STEP_UP_NEEDED(description, headers=((b"www-authenticate", value),), note=description)


def _is_one_of(acr: object, accepted: frozenset[str]) -> bool:
    return isinstance(acr, str) and acr in accepted


def _quotable(text: str) -> str:
    """Write what may stand in a quoted string (RFC 9110 s5.6.4), values one space apart."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')


NO_STEP_UP = NOT_PERMITTED(NO_PERSON, note="cannot step up")
FROM_THE_FUTURE = CREDENTIAL_INVALID(
    headers=((b"www-authenticate", b'Bearer error="invalid_token"'),),
    note="`auth_time` is in the future",
)
