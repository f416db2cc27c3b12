"""Turns `[[identity.issuer]]` into rules and key sources; the border between contract and state."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from yett.contract.config import IssuerConfig
from yett.credentials.algorithms import ALGORITHMS
from yett.credentials.keyset import MAX_KEY_SET_BYTES, KeySet, KeySetError
from yett.credentials.rules import JwtRules, RulesError
from yett.state.discovery import find_jwks, well_known
from yett.state.errors import StateError
from yett.state.fetch import FetchError, check_url, fetch
from yett.state.files import WatchedFile
from yett.state.introspection import Endpoint, Introspection
from yett.state.keys import IssuerKeys
from yett.terms import Secret


class Issuer:
    """A configured issuer with its keys.

    Args:
        config: its settings.
        folder: where relative paths start.
        on_retired: called when a key that was held is gone or has changed.
        late: whether a file of keys may be missing at first: an issuer that has not run yet. Until
            it is there nobody is verified.

    Attributes:
        file: where the keys are read from, None where they are fetched.
        introspection: asks it about tokens; None where it is not to be asked.

    Raises:
        StateError: a file is missing or broken, a setting cannot be used.
    """

    def __init__(
        self,
        config: IssuerConfig,
        folder: Path,
        on_retired: Callable[[], None],
        *,
        late: bool = False,
    ) -> None:
        self.config = config
        self.rules = rules_of(config)
        self.file: WatchedFile[KeySet] | None = None
        self.introspection: Introspection | None = None
        self.secret: WatchedFile[Secret] | None = None
        if config.introspection is not None:
            endpoint = Endpoint(config, config.introspection, folder)
            self.secret = endpoint.secret
            self.introspection = Introspection(self.rules, config.introspection.ttl, endpoint)
        source = config.jwks or config.url
        if config.jwks and "://" not in config.jwks:
            self.keys = IssuerKeys(self.rules, on_retired)
            absent = KeySet({}) if late else None
            self.file = WatchedFile(folder / config.jwks, self._install, absent)
            return
        try:
            check_url(source)
            if not config.jwks:
                well_known(source)
        except FetchError as error:
            raise StateError(error.message, hint="`jwks` is a file or an https URL") from None
        self.keys = IssuerKeys(self.rules, on_retired, partial(download, config))

    def hold(self, guard: AbstractContextManager[Any]) -> None:
        """Hold a guard whenever something that was fetched is taken into use."""
        self.keys.guard = guard
        if self.introspection is not None:
            self.introspection.guard = guard

    def poll(self) -> None:
        """Read files again that have changed."""
        for file in (self.file, self.secret):
            if file is not None:
                file.poll()

    def look(self) -> bool:
        """Read the file of keys again if it changed; False where it did not, or there is none.

        For a key that is not known: one `stat`, 2 us, beside the 100 us of a signature.
        """
        return self.file is not None and self.file.poll()

    def _install(self, document: bytes) -> KeySet:
        try:
            return self.keys.install(document)
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
    asking = config.introspection
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
            acr=config.acr,
            always=asking is not None and asking.always,
            any_audience=asking is not None and asking.any_audience,
        )
    except RulesError as error:
        raise StateError(f"issuer `{config.url}`: {error.message}", hint=error.hint) from error
