"""What every endpoint is given: the settings, the store, the box, and the vocabulary.

One per process; holds no request's state. Times come in with each `Ask`. Blocking: endpoints run in
threads.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from yett.contract.config import Config
from yett.contract.identity_settings import BuiltinConfig
from yett.credentials.passkeys.signature import Site
from yett.state.accounts import AccountStore
from yett.state.errors import StateError
from yett.state.nonces import NONCE_KEY_FILE, Nonces
from yett.state.openid import OpenIdProvider
from yett.state.seal_box import SEAL_KEY_FILE, SealBox, open_box
from yett.state.transmitters import Transmitter

TOKEN_BYTES = 32  # 256 bits: a code, refresh token, cookie or client secret cannot be guessed


class Server:
    """The authorization server's parts.

    Attributes:
        config: the whole of yett.toml: vocabulary, DPoP and limits beside `[identity.builtin]`.
        settings: `[identity.builtin]`.
        folder: where relative paths start.
        store: accounts, clients and grants.
        box: seals what the store keeps and must read again.
        nonces: for proofs of possession; the gate's workers accept the same.
        url: the issuer identifier, exactly as configured.
        origin: scheme and host of it, for WebAuthn and `Origin` checks.
        base: its path without a slash at the end, `/auth` or empty.
        providers: outside OpenID providers by name; reached when somebody signs in there.
        transmitters: outside transmitters of security events.
        rp_id: the WebAuthn relying party: the host of `url`.
        site: the two together, as signatures of passkeys are verified for.
        clock: unix seconds, for the moment at which a transaction commits; all else is `ask.now`.
    """

    def __init__(
        self, config: Config, folder: Path, *, clock: Callable[[], float] = time.time
    ) -> None:
        settings = config.identity.builtin
        if settings is None:
            hint = "see docs/concepts/issuer.md"
            raise StateError("`identity.builtin` is not configured", hint=hint)
        self.config = config
        self.clock = clock
        self.settings: BuiltinConfig = settings
        self.folder = folder
        self.store = AccountStore(config.store.accounts, folder)
        self.box: SealBox = open_box(folder / SEAL_KEY_FILE)
        self.nonces = Nonces(folder / NONCE_KEY_FILE)
        self.providers = {one.name: OpenIdProvider(one, folder) for one in settings.provider}
        self.transmitters = tuple(Transmitter(one, folder) for one in settings.transmitter)
        self.url = settings.url
        parts = urlsplit(settings.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.base = parts.path.rstrip("/")
        self.rp_id = parts.hostname or ""
        self.site = Site(self.rp_id, self.origin)
        self.secure = parts.scheme == "https"

    def at(self, path: str) -> str:
        """Return the URL of an endpoint."""
        return f"{self.origin}{self.base}{path}"

    def scopes_of(self, roles: tuple[str, ...]) -> frozenset[str]:
        """Return the scopes that roles carry."""
        known = self.config.vocabulary.roles
        return frozenset(scope for role in roles for scope in known.get(role, ()))


def fresh() -> str:
    """Make a secret of 256 bits, base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(secret: str) -> str:
    """Return what is kept of a random secret; a guessable one needs Argon2 instead."""
    return hashlib.sha256(secret.encode()).hexdigest()
