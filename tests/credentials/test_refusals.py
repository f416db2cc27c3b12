"""Refusals tell the client nothing about the check that failed."""

from __future__ import annotations

from yett.credentials.refusals import API_KEY_CHALLENGE, expired, invalid


def test_the_reason_is_for_the_record():
    """The detail is the table's own text, whatever the reason."""
    problem = invalid("the signature is wrong")
    assert problem.detail == problem.kind.detail
    assert problem.note == "the signature is wrong"


def test_every_refusal_is_a_challenge():
    """RFC 9110 s15.5.2: a 401 carries WWW-Authenticate."""
    for problem in (invalid("x"), expired(), invalid("x", API_KEY_CHALLENGE)):
        assert problem.status == 401
        assert problem.headers[0][0] == b"www-authenticate"
