"""Refresh tokens: derived from a grant's sealed key and its generation, never kept.

`yr_GRANT.GENERATION.MAC`. With the key, every token that was ever handed out is known for one of
ours, so a used one is told from an invented one without a row for each; and the successor can be
handed out a second time (`refresh_grace`) without being stored. Neither the store nor the seal key
alone makes one. HMAC-SHA-256 (RFC 2104) with 256 bits of key; RFC 9700 s4.14.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.server import Server
from yett.state.accounts.grants import Grant, keep_key

KEY_BYTES = 32
PREFIX = "yr_"  # scanners of repositories find a leaked one by it
_TOKEN = re.compile(r"yr_([A-Za-z0-9_-]{22})\.(0|[1-9][0-9]{0,9})\.([A-Za-z0-9_-]{43})", re.ASCII)


class Presented(Struct, frozen=True):
    """A refresh token as it was presented; nobody has checked its `mac` yet."""

    grant: str
    generation: int
    mac: str

    def __repr__(self) -> str:
        return f"Presented(grant={self.grant!r}, generation={self.generation})"


def first_token(server: Server, tx: Connection, grant: Grant, now: float) -> str:
    """Begin a grant's refresh tokens, and return the first.

    Args:
        server: the server.
        tx: a transaction that writes.
        grant: one that has none yet.
        now: unix seconds.
    """
    key = secrets.token_bytes(KEY_BYTES)
    sealed = server.box.seal(key, _name(grant.id))
    keep_key(tx, grant.id, sealed, now)
    return token_of(server, msgspec.structs.replace(grant, key=sealed), 0)


def token_of(server: Server, grant: Grant, generation: int) -> str:
    """Return the token of a generation of a grant that has tokens."""
    return f"{PREFIX}{grant.id}.{generation}.{_mac(server, grant, generation)}"


def read_token(text: str) -> Presented | None:
    """Read a refresh token; None where it is none."""
    found = _TOKEN.fullmatch(text)
    return Presented(found[1], int(found[2]), found[3]) if found else None


def is_genuine(server: Server, grant: Grant, shown: Presented) -> bool:
    """Whether a token was handed out for this grant, whatever became of it since."""
    if not grant.key or grant.id != shown.grant or shown.generation > grant.generation:
        return False
    return hmac.compare_digest(_mac(server, grant, shown.generation), shown.mac)


def _mac(server: Server, grant: Grant, generation: int) -> str:
    key = server.box.open(grant.key, _name(grant.id))
    message = f"refresh\n{grant.id}\n{generation}".encode()
    return urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=").decode()


def _name(grant: str) -> str:
    return f"refresh:{grant}"
