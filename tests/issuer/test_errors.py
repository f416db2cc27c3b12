"""A refusal is RFC 6749 s5.2 JSON and says no more than it was meant to."""

import json

from yett.issuer.errors import OAuthError


def test_a_refusal_as_json():
    """Code, description, status and fields; the note stays inside."""
    error = OAuthError(
        "invalid_client",
        "no such client",
        status=401,
        headers=(("www-authenticate", "Basic"),),
        note="client `x` is disabled",
    )
    answer = error.answer()
    assert answer.status == 401
    assert json.loads(answer.body) == {
        "error": "invalid_client",
        "error_description": "no such client",
    }
    assert ("www-authenticate", "Basic") in answer.headers
    assert b"disabled" not in answer.body
    assert json.loads(OAuthError("server_error").answer().body) == {"error": "server_error"}
