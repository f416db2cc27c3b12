"""Who can vouch for callers, ready to be asked: issuers, their keys, remembered tokens, API keys.

Built from `[identity]`; a reload that did not touch it keeps it whole, one that did keeps the key
sets of the issuers that are as they were, so that a reload never depends on a network.
"""

from __future__ import annotations

from pathlib import Path

from yett.contract.config import IdentityConfig
from yett.credentials.api_key import KeyBook, verify_key
from yett.credentials.jwt import read_issued, verify_jwt
from yett.credentials.refusals import API_KEY_CHALLENGE, expired, invalid
from yett.credentials.verifier import Verified
from yett.problems import KEYS_UNAVAILABLE, Problem
from yett.state.errors import StateError
from yett.state.files import WatchedFile
from yett.state.issuers import Issuer
from yett.state.key_file import read_book
from yett.state.keys import COOL_DOWN_SECONDS
from yett.state.tokens import RememberedTokens

_RETRY = ((b"retry-after", b"%d" % COOL_DOWN_SECONDS),)


class Identity:
    """Verifies what callers present.

    Attributes:
        issuers: by their exact `iss`.
        tokens: verified tokens; emptied when a key is retired.
        keys: the file of API keys, None when none is configured.
    """

    def __init__(self, config: IdentityConfig, folder: Path) -> None:
        self.config = config
        self.folder = folder
        self.tokens = RememberedTokens()
        self.issuers: dict[str, Issuer] = {}
        for one in config.issuer:
            if one.url in self.issuers:
                raise StateError(f"issuer `{one.url}` is configured twice", hint="keep one")
            self.issuers[one.url] = Issuer(one, folder, self.tokens.clear)
        self._rules = {url: issuer.rules for url, issuer in self.issuers.items()}
        self.keys = _key_file(folder / config.keys) if config.keys else None

    @classmethod
    def from_config(
        cls, config: IdentityConfig, folder: Path, previous: Identity | None = None
    ) -> Identity:
        """Build it, or keep what is as it was.

        Raises:
            StateError: a configured file is missing or broken, a setting cannot be used.
        """
        if previous is None:
            return cls(config, folder)
        if (previous.config, previous.folder) == (config, folder):
            return previous
        fresh = cls(config, folder)
        for url, issuer in fresh.issuers.items():
            held = previous.issuers.get(url)
            if held is not None and held.config == issuer.config:
                issuer.keys.adopt(held.keys)
        return fresh

    def verify_token(self, token: bytes, now: float) -> Verified | Problem:
        """Verify a JWT that the young generation of `tokens` does not hold."""
        recalled = self.tokens.recall(token)
        if recalled is not None:
            return recalled[1] if now < recalled[0] else expired()
        issued = read_issued(token, self._rules)
        if isinstance(issued, Problem):
            return issued
        raw, rules = issued
        source = self.issuers[rules.issuer].keys
        verified = verify_jwt(raw, rules, source.keys, now)
        if isinstance(verified, Problem):
            return verified
        if verified.principal is not None:
            self.tokens.remember(token, verified, verified.principal.expires)
        elif source.cooling:
            # Asking for keys would be answered no; say so without a question to the adapter.
            if source.keys is None:
                return KEYS_UNAVAILABLE(note=f"no keys of {rules.issuer} yet", headers=_RETRY)
            return invalid(f"unknown key of {rules.issuer}")
        return verified

    def verify_key(self, key: bytes, now: float, source: str) -> Verified | Problem:
        """Verify an API key."""
        if self.keys is None:
            return invalid("no file of API keys is configured", API_KEY_CHALLENGE)
        return verify_key(key, self.keys.value, now, source)


def _key_file(path: Path) -> WatchedFile[KeyBook]:
    try:
        return WatchedFile(path, read_book)
    except StateError as error:
        hint = error.hint or "`yett key issue` makes the file of API keys"
        raise StateError(error.message, path=str(path), hint=hint) from None
