"""Turns `[[identity.issuer]]` into rules and key sources; the border between contract and state."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from yett.contract.config import IssuerConfig
from yett.credentials.algorithms import ALGORITHMS
from yett.credentials.keyset import MAX_KEY_SET_BYTES, KeySetError
from yett.credentials.rules import JwtRules, RulesError
from yett.state.discovery import find_jwks, well_known
from yett.state.errors import StateError
from yett.state.fetch import FetchError, check_url, fetch
from yett.state.files import WatchedFile
from yett.state.keys import IssuerKeys


class Issuer:
    """A configured issuer with its keys; `file` is set when they are read from one."""

    def __init__(self, config: IssuerConfig, folder: Path, on_retired: Callable[[], None]) -> None:
        self.config = config
        self.rules = rules_of(config)
        self.file: WatchedFile[None] | None = None
        source = config.jwks or config.url
        if config.jwks and "://" not in config.jwks:
            self.keys = IssuerKeys(self.rules, on_retired)
            self.file = WatchedFile(folder / config.jwks, self._install)
            return
        try:
            check_url(source)
            if not config.jwks:
                well_known(source)
        except FetchError as error:
            raise StateError(error.message, hint="`jwks` is a file or an https URL") from None
        self.keys = IssuerKeys(self.rules, on_retired, partial(download, config))

    def _install(self, document: bytes) -> None:
        try:
            self.keys.install(document)
        except KeySetError as error:
            raise StateError(error.message) from error


def download(config: IssuerConfig) -> bytes:
    """Fetch an issuer's key set, finding it first where no address is configured; blocks."""
    return fetch(config.jwks or find_jwks(config.url, fetch), MAX_KEY_SET_BYTES)


def rules_of(config: IssuerConfig) -> JwtRules:
    """Make rules of a configuration.

    Raises:
        StateError: a setting is missing or cannot be used.
    """
    for name in config.algorithms:
        if name in ALGORITHMS and ALGORITHMS[name].symmetric:
            raise StateError(
                f"issuer `{config.url}`: `{name}` is symmetric; whoever verifies could also sign",
                hint="use an asymmetric algorithm such as `ES256`",
            )
    try:
        return JwtRules(
            issuer=config.url,
            audience=config.audience,
            algorithms=config.algorithms,
            skew=config.skew,
            types=config.types,
            required=config.required,
            scope_claim=config.scope_claim,
            roles_claim=config.roles_claim,
            tenant_claim=config.tenant_claim,
            client_claim=config.client_claim,
        )
    except RulesError as error:
        raise StateError(f"issuer `{config.url}`: {error.message}", hint=error.hint) from error
