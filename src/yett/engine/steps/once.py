"""Step 6, once: the proofs of this request are used up, by one of all workers.

After the limits: whoever is over its quota would otherwise fill the memory of what was used, and
with it full nobody's proof is good. Step 4 has looked whether they were used before; of requests
that come at the same moment this lets one pass. RFC 9449 s11.1.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.engine.steps.credential import ways_of
from yett.engine.steps.possession import USED, challenge_of, invalid_proof
from yett.engine.steps.presented import bearer
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy


def make_once(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Use up what step 4 has found good, where it can have found a proof."""
    del browser
    if not any(extract is bearer for _, extract in ways_of(operation)):
        return None
    refusal = invalid_proof(challenge_of(policy.config.identity.dpop), USED)

    def once(x: Exchange) -> Outcome:
        for name, until, made in x.once:
            if not x.view.first_use(name, until, made, x.now):
                x.release()
                return refusal
        return None

    return once
