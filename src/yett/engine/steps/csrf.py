"""Step 2, hygiene: CSRF. A cookie that authenticates is not accepted from another site.

Only where the operation takes a cookie as its credential and the request carries it. The rule is
Go 1.25's CrossOriginProtection, with the scheme compared too: `Sec-Fetch-Site` decides where the
browser sends it, otherwise `Origin` must be the API's own or a configured one.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.engine.steps.presented import cookie_values
from yett.policy.browser import SAFE_METHODS, Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import CROSS_SITE_REQUEST

_OWN_SITES = (b"same-origin", b"none")


def make_csrf(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Guard unsafe operations that a cookie can authenticate."""
    names = tuple(
        need.scheme.parameter.encode()
        for alternative in operation.security or ()
        for need in alternative
        if need.scheme.location == "cookie"
    )
    if not names or operation.method in SAFE_METHODS:
        return None
    trusted = frozenset(browser.origins) if policy.config.cors.credentials else frozenset()

    def csrf(x: Exchange) -> Outcome:
        headers = x.request.headers
        cookies = headers.get(b"cookie")
        if cookies is None or not any(cookie_values(cookies, name) for name in names):
            return None
        if _is_own(x, trusted):
            return None
        return CROSS_SITE_REQUEST(note="cookie credential from another site")

    return csrf


def _is_own(x: Exchange, trusted: frozenset[bytes]) -> bool:
    headers = x.request.headers
    origin = headers.get(b"origin")
    if origin is not None and origin in trusted:
        return True
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in _OWN_SITES
    if origin is None:
        return True  # not a browser, or one so old that the cookie's SameSite must do
    scheme = "https" if x.request.secure else "http"
    return origin == f"{scheme}://{x.request.authority}".encode()
