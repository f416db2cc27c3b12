"""Step 4, unread: a credential that this operation has not verified does not go on to the service.

Of an API that takes tokens here and API keys there, a service decodes the token without a look at
its signature, because the gate has verified it; and on an operation for keys nobody has (CWE-345).
Only fields that some operation of the API takes a credential from; where an operation asks nobody
who they are, its fields are its own affair. See docs/threat-model.md.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.engine.steps.credential import ways_of
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy


def make_unread(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Leave out the fields of other operations' credentials; nothing where all are read here."""
    del browser
    if not ways_of(operation):
        return None
    read = {need.scheme.field for every in operation.security or () for need in every}
    others = policy.credential_fields.get(operation.api, frozenset()) - read
    if not others:
        return None

    def unread(x: Exchange) -> Outcome:
        # `X_Api_Key` is `X-Api-Key` to a WSGI or CGI service.
        if any(name.replace(b"_", b"-") in others for name in x.request.headers):
            x.without |= others
        return None

    return unread
