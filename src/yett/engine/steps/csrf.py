"""Step 2, hygiene: CSRF. What a browser sends by itself is not accepted from another site.

Only where the operation takes a cookie or a client certificate as its credential and the request
came with it. The rule is
Go 1.25's CrossOriginProtection, with the scheme compared too: `Sec-Fetch-Site` decides where the
browser sends it, otherwise `Origin` must be the API's own or a configured one.
"""

from __future__ import annotations

from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.engine.steps.certificate import certificate_schemes
from yett.engine.steps.presented import cookie_values
from yett.policy.browser import SAFE_METHODS, Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import CROSS_SITE_REQUEST

_OWN_SITES = (b"same-origin", b"none")


def make_csrf(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Guard unsafe operations that a cookie or a client certificate can authenticate."""
    names = tuple(
        need.scheme.parameter.encode()
        for alternative in operation.security or ()
        for need in alternative
        if need.scheme.location == "cookie"
    )
    certified = bool(certificate_schemes(operation))
    if not (names or certified) or operation.method in SAFE_METHODS:
        return None
    trusted = frozenset(browser.origins) if policy.config.cors.credentials else frozenset()

    def csrf(x: Exchange) -> Outcome:
        shown = certified and x.request.certificate is not None
        if not (shown or _has_cookie(x, names)) or _is_own(x, trusted):
            return None
        return CROSS_SITE_REQUEST(note="a browser's credential from another site")

    return csrf


def _has_cookie(x: Exchange, names: tuple[bytes, ...]) -> bool:
    cookies = x.request.headers.get(b"cookie")
    return cookies is not None and any(cookie_values(cookies, name) for name in names)


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
