"""Nonces for proofs of possession (RFC 9449 s8, s9), without remembering any of them.

A nonce is an HMAC over the minute it was given out in, with a key that all workers and the issuer
of a host read from one file: each accepts what any of them gave out. It proves that a proof was
made lately, not that it is used once; that is what `replays` remembers. With the same key the
secrets of a request are sealed that a token is issued for (docs/spec/operation-token.md).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from base64 import urlsafe_b64encode
from pathlib import Path

from yett.state.errors import StateError
from yett.state.secret_file import read_secret

NONCE_KEY_FILE = "var/nonce.key"
# A new nonce each minute. The one before is accepted too, so a nonce lives for one to two minutes;
# the one after as well, for a host whose clock is ahead.
WINDOW_SECONDS = 60
NONCE_BYTES = 18
AGAIN_SECONDS = 1.0

# One key, two uses that cannot be taken for one another (domain separation).
_PURPOSE = b"yett dpop nonce 1:"
_SEALING = b"yett operation 1:"
_LOG = logging.getLogger("yett.state")


class Nonces:
    """Gives out nonces and knows them again; the key is read when the first is needed."""

    __slots__ = ("_accepted", "_key", "_next_try", "_window", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._key = b""
        self._next_try = float("-inf")
        self._window = -1
        self._accepted: tuple[bytes, ...] = ()

    def nonce(self, now: float) -> bytes:
        """Return the nonce of this minute; empty when there is no key."""
        accepted = self._at(now)
        return accepted[0] if accepted else b""

    def accepts(self, nonce: str, now: float) -> bool:
        """Whether a nonce was given out a minute or two ago, or by a host a little ahead."""
        given = nonce.encode("utf-8", "replace")
        return any(hmac.compare_digest(given, one) for one in self._at(now))

    def seal(self, data: bytes, now: float) -> str:
        """Return a digest of secrets, hex, that nobody can compute who has not this host's key.

        Empty when there is no key. Unlike a nonce it does not change with time.
        """
        if not self._key and not self._read(now):
            return ""
        return hmac.digest(self._key, _SEALING + data, hashlib.sha256).hex()

    def _at(self, now: float) -> tuple[bytes, ...]:
        window = int(now // WINDOW_SECONDS)
        if window == self._window and self._accepted:
            return self._accepted
        if not self._key and not self._read(now):
            return ()
        self._accepted = tuple(self._make(window + shift) for shift in (0, -1, 1))
        self._window = window
        return self._accepted

    def _make(self, window: int) -> bytes:
        mac = hmac.digest(self._key, _PURPOSE + b"%d" % window, hashlib.sha256)
        return urlsafe_b64encode(mac[:NONCE_BYTES])

    def _read(self, now: float) -> bool:
        if now < self._next_try:
            return False
        self._next_try = now + AGAIN_SECONDS
        try:
            self._key = read_secret(self.path).reveal()
        except StateError as error:
            _LOG.error("%s; no nonce is given out or accepted", error)
        return bool(self._key)
