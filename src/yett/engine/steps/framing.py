"""Step 2, hygiene: what the head says about the body, before anything is verified or read.

A declared length over the cap, a body nobody declared and a coded body (CWE-409, zip bombs) are
refused from the head alone, so that no byte of them is ever waited for.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import (
    BODY_MISSING,
    BODY_NOT_DECLARED,
    BODY_TOO_LARGE,
    MEDIA_TYPE_UNDECLARED,
)
from yett.terms import Mode


def make_framing(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step:
    """Bound the body of one operation."""
    del policy, browser
    most = operation.max_body
    strict = operation.modes["body"] is Mode.ENFORCE
    declared = operation.body is not None or operation.stream_request or not strict
    required = operation.body_required and strict

    def framing(x: Exchange) -> Outcome:
        request = x.request
        length = request.length
        if length == 0:
            return BODY_MISSING() if required else None
        if not declared:
            return BODY_NOT_DECLARED(close=True)
        if length is not None and length > most:
            return BODY_TOO_LARGE(f"the body may have {most} bytes", close=True)
        if strict and request.headers.get(b"content-encoding", b"identity") != b"identity":
            return MEDIA_TYPE_UNDECLARED("a coded body is not accepted", close=True)
        return None

    return framing
