"""Challenges: an end and 16 random bytes, marked as ours for one purpose, browser and context.

Nothing is written until an answer verifies, so that whoever loads the page a million times fills no
table; then it is spent, and the same answer again is a replay. A challenge for one purpose is good
for no other. WebAuthn L3 s13.4.3.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.server import Server
from yett.state.accounts.tickets import spend

LIFETIME_SECONDS = 300.0
TIMEOUT_MILLISECONDS = int(LIFETIME_SECONDS * 1000)  # how long a browser waits for its person
RANDOM_BYTES = 16
TIME_BYTES = 8
FRESH_BYTES = TIME_BYTES + RANDOM_BYTES
SPENT = "webauthn"


class Ceremony(Struct, frozen=True, kw_only=True):
    """What a challenge is good for.

    Args:
        purpose: `sign-in`, `step-up`, `enrol`, `add` or `approve`.
        holder: digest of the browser's cookie.
        context: the request that waits, the user, or the digest of what is approved.
    """

    purpose: str
    holder: str
    context: str = ""

    @property
    def name(self) -> str:
        """The name it is marked under: parts with their lengths, so that none runs into another."""
        parts = (self.purpose, self.holder, self.context)
        return "webauthn" + "".join(f":{len(part)}:{part}" for part in parts)


def make_challenge(server: Server, ceremony: Ceremony, now: float) -> bytes:
    """Make a challenge, good once and for `LIFETIME_SECONDS`."""
    until = int(now + LIFETIME_SECONDS).to_bytes(TIME_BYTES)
    fresh = until + secrets.token_bytes(RANDOM_BYTES)
    return fresh + server.box.mark(fresh, ceremony.name)


def is_good(server: Server, challenge: bytes, ceremony: Ceremony, now: float) -> bool:
    """Say whether we made it for this ceremony, and it has not expired. It may have been spent."""
    fresh, mark = challenge[:FRESH_BYTES], challenge[FRESH_BYTES:]
    ours = hmac.compare_digest(server.box.mark(fresh, ceremony.name), mark)
    return ours and bool(ceremony.holder) and now < int.from_bytes(fresh[:TIME_BYTES])


def spend_challenge(tx: Connection, challenge: bytes, now: float) -> bool:
    """Use a good challenge up; False when it has been used."""
    name = hashlib.sha256(challenge).hexdigest()
    return spend(tx, name, SPENT, expires=now + LIFETIME_SECONDS, now=now)
