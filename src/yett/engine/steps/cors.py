"""Step 2, hygiene: CORS. Preflights are answered at the gate; origins are an exact set.

An origin that is not allowed gets no CORS fields, so the browser keeps the answer from the page
(WHATWG Fetch s3.2). A request from the API's own origin needs none.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.engine.steps.limits import slow_down
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import ORIGIN_NOT_ALLOWED, UNDECLARED_METHOD, UNDECLARED_PATH
from yett.terms import Decision, Request, Verdict

CORS_STEP = 2


def make_cors(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Choose the fields for the caller's origin; nothing to do where no origin is configured.

    Nor for the issuer, which says itself what pages elsewhere may read: `/token`, not the pages of
    accounts with their tickets and secrets, to which a browser sends the cookie of the sign-in.
    """
    del policy
    if not browser.origins or operation.pages:
        return None
    origins, vary = browser.origins, browser.vary

    def cors(x: Exchange) -> Outcome:
        origin = x.request.headers.get(b"origin")
        x.cors = vary if origin is None else origins.get(origin, vary)
        return None

    return cors


def is_preflight(request: Request) -> bool:
    """Whether this is a CORS preflight. See WHATWG Fetch s3.2.2."""
    return (
        request.method == "OPTIONS"
        and b"origin" in request.headers
        and b"access-control-request-method" in request.headers
    )


def answer_preflight(x: Exchange) -> Decision:
    """Answer a preflight from the contract: declared method, allowed origin, allowed fields."""
    headers = x.request.headers
    browser = x.program.browser
    found = x.program.policy.router.find(x.request.segments)
    origin = headers[b"origin"]
    method = headers[b"access-control-request-method"].decode("latin-1")
    asked = headers.get(b"access-control-request-headers", b"").lower().split(b",")
    problem = slow_down(x)  # or paths could be guessed by preflights without end
    if problem is not None:
        return Decision(verdict=Verdict.REFUSE, step=CORS_STEP, problem=problem)
    allow = _allowed(x) if found is None else found[0].allow
    if not allow:
        problem = UNDECLARED_PATH()
    elif origin not in browser.origins:
        problem = ORIGIN_NOT_ALLOWED()
    elif method not in allow.decode().split(", "):
        problem = UNDECLARED_METHOD(headers=((b"allow", allow),))
    elif not {name.strip() for name in asked if name.strip()} <= browser.headers:
        problem = ORIGIN_NOT_ALLOWED("a request header of this preflight is not allowed")
    if problem is not None:
        x.view.failed(x.request.source, x.now)
        return Decision(verdict=Verdict.REFUSE, step=CORS_STEP, problem=problem)
    x.cors = browser.origins[origin]
    reply = ((b"access-control-allow-methods", allow), *browser.preflight)
    return Decision(verdict=Verdict.ALLOW, step=CORS_STEP, reply=(204, reply))


def _allowed(x: Exchange) -> bytes:
    """Return what pages elsewhere may ask of the issuer (`/token`, `/userinfo`, its keys)."""
    fallback = x.program.policy.router.fallback(x.request.segments)
    return b"GET, POST" if fallback is not None and fallback.pages else b""
