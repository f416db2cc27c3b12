"""The other ways to sign in, as the page offers them: one row each.

All of them to everybody, whatever an account has: what is offered must not tell (CWE-204).
"""

from __future__ import annotations

from yett.issuer.pages.html import Html, el
from yett.issuer.server import Server
from yett.issuer.sign_in.waiting import Waiting


def other_ways(server: Server, waiting: Waiting) -> Html:
    """Make the list of links to the other ways."""
    rows = [
        el("li", el("a", label, href=server.base + waiting.link(path)))
        for label, path in _ways(server)
    ]
    return el("nav", el("ul", *rows, class_="rows"), aria_label="Other ways to sign in")


def _ways(server: Server) -> list[tuple[str, str]]:
    ways = [
        (f"Continue with {one.name}", f"/sign-in/with/{one.name}")
        for one in server.settings.provider
    ]
    if server.settings.passwords:
        ways.append(("Use a password and a code", "/sign-in/password"))
    ways.append(("Use a recovery code", "/sign-in/recovery"))
    return ways
