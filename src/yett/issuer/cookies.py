"""The issuer's cookies: names, attributes, and how they are set and taken away.

Over https each has the prefix `__Host-` (RFC 6265bis s4.1.3.2): no other host and no page over http
can plant one. Over plain http on loopback browsers refuse that prefix and `Secure`, so there the
names are bare. Values are opaque secrets or tokens; none is ever logged.
"""

from __future__ import annotations

from typing import Literal

from yett.contract.builtin import HOST_PREFIX, SESSION_COOKIE
from yett.issuer.http import Ask
from yett.issuer.server import Server, digest, fresh

SIGN_IN = "yett-sign-in"  # the sign-in at the issuer
API = SESSION_COOKIE  # the same for the API: a `session+jwt`
BROWSER = "yett-browser"  # which browser this is, before anybody has signed in

SECRET_CHARACTERS = 43  # base64url of 256 bits

SameSite = Literal["Lax", "Strict"]
Header = tuple[str, str]


def cookie_name(server: Server, name: str) -> str:
    """Return the name as the browser knows it."""
    return f"{HOST_PREFIX}{name}" if server.secure else name


def read_cookie(server: Server, ask: Ask, name: str) -> str:
    """Return a cookie's value, empty when there is none."""
    return ask.cookies.get(cookie_name(server, name), "")


def set_cookie(
    server: Server, name: str, value: str, *, same_site: SameSite, max_age: float | None = None
) -> Header:
    """Write a `Set-Cookie`; without `max_age` it goes when the browser is closed."""
    parts = [f"{cookie_name(server, name)}={value}", "Path=/", "HttpOnly", f"SameSite={same_site}"]
    if server.secure:
        parts.append("Secure")
    if max_age is not None:
        parts.append(f"Max-Age={int(max_age)}")
    return ("set-cookie", "; ".join(parts))


def clear_cookie(server: Server, name: str, *, same_site: SameSite) -> Header:
    """Write the `Set-Cookie` that takes one away."""
    return set_cookie(server, name, "", same_site=same_site, max_age=0)


def browser_of(server: Server, ask: Ask) -> tuple[str, tuple[Header, ...]]:
    """Return what this browser is known by, and the cookie to set where it had none.

    Challenges and sign-ins under way are bound to it, so that a ceremony which begins in one
    browser cannot be finished in another (login CSRF, session fixation: CWE-352, CWE-384).
    """
    secret = read_cookie(server, ask, BROWSER)
    if len(secret) == SECRET_CHARACTERS:
        return digest(secret), ()
    secret = fresh()
    return digest(secret), (set_cookie(server, BROWSER, secret, same_site="Lax"),)


def known_browser(server: Server, ask: Ask) -> str:
    """Return what this browser is known by, empty for one that has never been here."""
    secret = read_cookie(server, ask, BROWSER)
    return digest(secret) if len(secret) == SECRET_CHARACTERS else ""
