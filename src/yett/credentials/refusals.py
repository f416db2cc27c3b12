"""How a bad credential is answered: one wording for the client, the reason for the record.

A client learns that its token was not accepted or has expired, never which check failed: that is
an oracle for whoever forges one. Every 401 carries its challenge. RFC 6750 s3, RFC 9110 s15.5.2.
"""

from __future__ import annotations

from yett.problems import CREDENTIAL_EXPIRED, CREDENTIAL_INVALID, Problem

Challenge = tuple[tuple[bytes, bytes], ...]

BEARER_CHALLENGE: Challenge = ((b"www-authenticate", b'Bearer error="invalid_token"'),)
# No scheme is registered for API keys; the name follows the one in wide use.
API_KEY_CHALLENGE: Challenge = ((b"www-authenticate", b"ApiKey"),)


def invalid(note: str, challenge: Challenge = BEARER_CHALLENGE) -> Problem:
    """Refuse a credential that is wrong in some way only the record may know."""
    return CREDENTIAL_INVALID(note=note, headers=challenge)


def expired(challenge: Challenge = BEARER_CHALLENGE) -> Problem:
    """Refuse a genuine credential whose time is over; its holder may know that."""
    return CREDENTIAL_EXPIRED(headers=challenge)
