"""What people see when something is refused."""

from __future__ import annotations

from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.pages.trouble import shown


def test_a_refusal_becomes_a_page(server):
    """Status and description are kept; the note is for the record alone."""

    @shown
    def endpoint(server, ask):
        raise OAuthError("access_denied", "the link has expired", status=403, note="replayed")

    answer = endpoint(server, Ask(method="GET", path="/", now=0.0))
    assert answer.status == 403
    assert b"The link has expired." in answer.body
    assert b"replayed" not in answer.body


def test_without_a_description_it_still_says_something(server):
    """An empty description is no empty page."""

    @shown
    def endpoint(server, ask):
        raise OAuthError("invalid_request")

    assert b"Something is missing" in endpoint(server, Ask(method="GET", path="/", now=0.0)).body
