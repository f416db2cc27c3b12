"""Step 13, forward: a sensitive operation leaves a durable trace before it is carried out.

The intent is written and fsynced first; the adapter then waits for the outcome's fsync before it
releases the response. So neither a crash nor a dead recorder hides a sensitive call.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.questions import MakeDurable
from yett.engine.record import intent
from yett.engine.step import Ask, Outcome, Step
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import NOT_RECORDED


def make_durable(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Ask for the intent's fsync where the operation is sensitive."""
    del policy, browser
    if not operation.sensitive:
        return None

    def written(_x: Exchange, durable: bool) -> Outcome:
        return None if durable else NOT_RECORDED(headers=((b"retry-after", b"5"),))

    return lambda x: Ask(MakeDurable(intent(x)), written)
