"""Step 9, injection: free-text strings that look like SQL, script, template or path attacks.

Only strings that the contract leaves free are scanned (`policy.injection.freetext`). It is defence
in depth: parameterised queries are the fix. The fingerprint goes to the record, not to the client.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import INJECTION_SUSPECTED
from yett.terms import Mode


def make_injection(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Scan one operation's free text; a field in mode `observe` records and lets go."""
    del policy, browser
    scan = operation.text
    if scan is None:
        return None

    def injection(x: Exchange) -> Outcome:
        hit = scan(x.values, x.parsed)
        if hit is None:
            return None
        where, fingerprint, mode = hit
        problem = INJECTION_SUSPECTED(pointer=where, fingerprint=fingerprint, note=where)
        if mode is Mode.ENFORCE:
            return problem
        x.observed += (problem,)
        return None

    return injection
