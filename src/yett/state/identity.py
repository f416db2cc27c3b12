"""Who can vouch for callers, ready to be asked: issuers, their keys, remembered tokens, API keys.

Built from `[identity]`; a reload that did not touch it keeps it whole, one that did keeps the key
sets of the issuers that are as they were, so that a reload never depends on a network.
"""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from yett.contract.builtin import SESSION_TYPE, issuers_of
from yett.contract.config import IdentityConfig
from yett.credentials.api_key import KeyBook, verify_key
from yett.credentials.introspection import is_opaque
from yett.credentials.jwt import read_issued, verify_jwt
from yett.credentials.refusals import API_KEY_CHALLENGE, expired, invalid
from yett.credentials.rules import JwtRules
from yett.credentials.structure import RawToken
from yett.credentials.verifier import Verified
from yett.problems import KEYS_UNAVAILABLE, Problem
from yett.state.errors import StateError
from yett.state.files import WatchedFile
from yett.state.introspection import Introspection
from yett.state.issuers import Issuer
from yett.state.key_file import read_book
from yett.state.keys import COOL_DOWN_SECONDS
from yett.state.tokens import RememberedTokens

_RETRY = ((b"retry-after", b"%d" % COOL_DOWN_SECONDS),)


class Identity:
    """Verifies what callers present.

    Attributes:
        issuers: by their exact `iss`.
        tokens: verified tokens; emptied when a key is retired, so that what is found there was
            signed by a key that is good now.
        sessions: the same for browser sessions: bytes that are good in a cookie are not so as a
            bearer token.
        keys: the file of API keys, None when none is configured.
    """

    def __init__(self, config: IdentityConfig, folder: Path) -> None:
        self.config = config
        self.folder = folder
        self.tokens, self.sessions = RememberedTokens(), RememberedTokens()
        self.issuers: dict[str, Issuer] = {}
        for one in issuers_of(config):
            if one.url in self.issuers:
                raise StateError(f"issuer `{one.url}` is configured twice", hint="keep one")
            own = config.builtin is not None and one.url == config.builtin.url
            self.issuers[one.url] = Issuer(one, folder, self._forget, late=own)
        self._rules = {url: issuer.rules for url, issuer in self.issuers.items()}
        self._session_rules = _session_rules(config, self._rules)
        asked = [issuer.introspection for issuer in self.issuers.values() if issuer.rules.always]
        self._always = tuple(one for one in asked if one is not None)
        self._opaque = _asked_about_opaque(self.issuers)
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
        """Verify a token that the young generation of `tokens` does not hold."""
        recalled = self.tokens.recall(token)
        if recalled is not None:
            return recalled[1] if now < recalled[0] else expired()
        if self._opaque is not None and is_opaque(token):
            return self._opaque.look(token, now)
        for asked in self._always:
            known = asked.known(token, now)  # of a JWT, which was verified before it was asked for
            if known is not None:
                return known
        issued = read_issued(token, self._rules)
        if isinstance(issued, Problem):
            return issued
        raw, rules = issued
        verified = self._verify(raw, rules, now)
        if isinstance(verified, Problem) or verified.principal is None:
            return verified
        asking = self.issuers[rules.issuer].introspection if rules.always else None
        if asking is not None:
            return asking.look(token, now)
        self.tokens.remember(token, verified, verified.principal.expires)
        return verified

    def verify_session(self, token: bytes, now: float) -> Verified | Problem:
        """Verify a token in a cookie: a session of the builtin issuer, or an outside issuer's."""
        held = self.sessions.table.get(token)
        if held is not None:
            return held[1] if now < held[0] else expired()
        issued = read_issued(token, self._rules)
        if isinstance(issued, Problem):
            return issued
        raw, rules = issued
        own = self._session_rules
        if own is None or rules.issuer != own.issuer:
            return self.verify_token(token, now)
        verified = self._verify(raw, own, now, scheme="session")
        if isinstance(verified, Verified) and verified.principal is not None:
            self.sessions.remember(token, verified, verified.principal.expires)
        return verified

    async def introspect(self, issuer: str, token: bytes, now: float) -> bool:
        """Ask an issuer about a token; True when looking again may help."""
        found = self.issuers.get(issuer)
        if found is None or found.introspection is None:
            return False
        jwt = None
        if not is_opaque(token):
            issued = read_issued(token, self._rules)
            if isinstance(issued, Problem) or issued[1].issuer != issuer:
                return False  # an issuer is shown what it issued, and nothing else
            verified = self._verify(*issued, now)
            if isinstance(verified, Problem) or verified.principal is None:
                return False
            jwt = verified.principal
        elif found.introspection is not self._opaque:
            return False
        await found.introspection.ask(token, jwt)
        return True

    def _verify(
        self, raw: RawToken, rules: JwtRules, now: float, scheme: str = "jwt"
    ) -> Verified | Problem:
        """Verify a JWT by the keys that are held now."""
        issuer = self.issuers[rules.issuer]
        source = issuer.keys
        verified = verify_jwt(raw, rules, source.keys, now, scheme=scheme)
        if _is_decided(verified):
            return verified
        if issuer.look():
            # A key that signs at once, since the one before it was stolen, is in the file by now.
            verified = verify_jwt(raw, rules, source.keys, now, scheme=scheme)
        if _is_decided(verified) or not source.cooling:
            return verified
        # Asking for keys would be answered no; say so without a question to the adapter.
        if source.keys is None:
            return KEYS_UNAVAILABLE(note=f"no keys of {rules.issuer} yet", headers=_RETRY)
        return invalid(f"unknown key of {rules.issuer}")

    def _forget(self) -> None:
        """Forget what was verified, because a key was retired."""
        self.tokens.clear()
        self.sessions.clear()
        for issuer in self.issuers.values():
            if issuer.introspection is not None:
                issuer.introspection.forget()

    def verify_key(self, key: bytes, now: float, source: str) -> Verified | Problem:
        """Verify an API key."""
        if self.keys is None:
            return invalid("no file of API keys is configured", API_KEY_CHALLENGE)
        return verify_key(key, self.keys.value, now, source)


def _is_decided(verified: Verified | Problem) -> bool:
    """Whether a token was judged; otherwise its key is not known."""
    return isinstance(verified, Problem) or verified.principal is not None


def _key_file(path: Path) -> WatchedFile[KeyBook]:
    try:
        return WatchedFile(path, read_book)
    except StateError as error:
        hint = error.hint or "`yett key issue` makes the file of API keys"
        raise StateError(error.message, path=str(path), hint=hint) from None


def _session_rules(config: IdentityConfig, rules: dict[str, JwtRules]) -> JwtRules | None:
    """Return what a browser session of the builtin issuer must be; None without that issuer."""
    if config.builtin is None:
        return None
    access = rules[config.builtin.url]
    return replace(access, types=(SESSION_TYPE,), required=("iat", "jti", "sid"))


def _asked_about_opaque(issuers: dict[str, Issuer]) -> Introspection | None:
    """Return who is asked about tokens that name no issuer.

    Raises:
        StateError: several would be: each would be shown the tokens of the others.
    """
    asked = [
        issuer
        for issuer in issuers.values()
        if issuer.config.introspection is not None and issuer.config.introspection.opaque
    ]
    if len(asked) > 1:
        raise StateError(
            f"issuers `{asked[0].config.url}` and `{asked[1].config.url}` would both be asked "
            "about opaque tokens",
            hint="set `opaque = false` in `introspection` of all but one",
        )
    return asked[0].introspection if asked else None
