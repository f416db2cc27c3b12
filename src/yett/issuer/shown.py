"""A refusal that is shown to the person, since there is nowhere safe to send it.

It says what is wrong in our words alone: nothing of the request is repeated (CWE-79), and no link
leads back to whoever made it.
"""

from __future__ import annotations

from html import escape

from yett.issuer.errors import OAuthError
from yett.issuer.http import NO_STORE, Answer
from yett.issuer.server import Server


def show(server: Server, error: OAuthError) -> Answer:
    """Show a refusal as a page."""
    del server
    text = escape(error.description or error.code)
    body = f"<!doctype html><title>Not possible</title><h1>Not possible</h1><p>{text}</p>"
    return Answer(
        status=error.status,
        headers=(("content-type", "text/html; charset=utf-8"), NO_STORE, *error.headers),
        body=body.encode(),
    )
