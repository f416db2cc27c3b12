"""Step 5: the principal, and each credential that was proven beside, is not revoked; it is active.

While nobody knows what is revoked (`view.unsure`), unsafe methods are refused: a stolen credential
may read for the length of an outage, it may not change anything. See docs/concepts/revocation.md.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.engine.steps.credential import invalid_token, ways_of
from yett.policy.browser import SAFE_METHODS, Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import CREDENTIAL_REVOKED, REVOCATIONS_UNAVAILABLE

RETRY = (b"retry-after", b"1")


def make_revoked(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Ask about whoever was proven, and note that they are active."""
    del policy, browser
    ways = ways_of(operation)
    if not ways:
        return None
    only = _only(unsafe=operation.method not in SAFE_METHODS)
    return only if len(ways) == 1 else _each(only)


def _only(*, unsafe: bool) -> Step:
    """Ask about the principal: all there is where one scheme can prove it."""

    def only_revoked(x: Exchange) -> Outcome:
        principal, view = x.principal, x.view
        if not principal.id:
            return None
        if view.revoked(principal):
            return CREDENTIAL_REVOKED(headers=(invalid_token(),))
        if unsafe and view.unsure(x.now):
            return REVOCATIONS_UNAVAILABLE(headers=(RETRY,))
        view.active(principal, x.now)
        return None

    return only_revoked


def _each(only: Step) -> Step:
    """Ask about what was proven beside, too."""

    def each_revoked(x: Exchange) -> Outcome:
        beside = [one for one in x.proven.values() if one is not x.principal]
        if any(x.view.revoked(one) for one in beside):
            return CREDENTIAL_REVOKED(headers=(invalid_token(),))
        outcome = only(x)
        if outcome is None:
            for one in beside:
                x.view.active(one, x.now)
        return outcome

    return each_revoked
