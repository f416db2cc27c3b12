"""What people see when something is refused: a page instead of JSON, with a way on.

The text is ours alone: nothing that was sent stands in it.
"""

from __future__ import annotations

from functools import wraps

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Endpoint
from yett.issuer.pages.html import el
from yett.issuer.pages.layout import show
from yett.issuer.server import Server

TITLE = "This did not work"
OTHERWISE = "something is missing or no longer valid"


def shown(endpoint: Endpoint) -> Endpoint:
    """Make an endpoint of pages: what it raises is shown as a page."""

    @wraps(endpoint)
    def answer(server: Server, ask: Ask) -> Answer:
        try:
            return endpoint(server, ask)
        except OAuthError as error:
            return trouble(server, error)

    return answer


def trouble(server: Server, error: OAuthError, again: str = "") -> Answer:
    """Show a refusal; `again` is one of our paths, where it can be tried again."""
    text = error.description or OTHERWISE
    return show(
        server,
        TITLE,
        el("p", text[:1].upper() + text[1:] + ".", role="alert"),
        el("p", el("a", "Try again", href=server.base + again)) if again else "",
        el("p", el("a", "Go to your account", href=f"{server.base}/account")),
        status=error.status,
        headers=error.headers,
    )
