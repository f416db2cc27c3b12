"""Who used a credential: noted on the request path by one assignment, written down once a minute.

For the inactivity policy and for "last used" of API keys: a call counts, not only a sign-in. Within
a minute the first use of each key, account and client is written by each worker, in a thread; what
a crash loses is at most that minute. Nothing is noted where there is no store to write it to.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from yett.contract.config import Config
from yett.state.errors import StateError
from yett.terms import Principal

WRITE_SECONDS = 60.0
MAX_WAITING = 1 << 16  # uses not written yet; more are not noted, and the next minute is

_LOG = logging.getLogger("yett.state")
Noted = dict[int, tuple[Principal, float]]
Use = tuple[str, str]  # `key`, `user` or `client`, and its id


class Activity:
    """Uses that are not written yet.

    Args:
        url: the store they are written to.
        folder: where a relative path starts.
        issuer: the builtin issuer's `iss`, whose accounts and clients are in the store.
    """

    def __init__(self, url: str, folder: Path, issuer: str = "") -> None:
        self.url, self._folder, self.issuer = url, folder, issuer
        self._noted: Noted = {}
        self._due = 0.0
        self._writing: threading.Thread | None = None

    @classmethod
    def from_config(
        cls, config: Config, folder: Path, previous: Activity | None = None
    ) -> Activity:
        """Make it for a contract folder, or go on with the one before a reload."""
        builtin, url = config.identity.builtin, config.store.accounts
        issuer = builtin.url if builtin is not None else ""
        if previous is not None and (previous.url, previous.issuer) == (url, issuer):
            return previous
        return cls(url, folder, issuer)

    def active(self, principal: Principal, now: float) -> None:
        """Note a use; a remembered token is one object, so this costs 0.1 us and no memory."""
        self._noted[id(principal)] = principal, now

    def tick(self, now: float, *, wanted: Callable[[], bool]) -> None:
        """Once a second, where requests are decided: begin to write what is due.

        Args:
            now: unix seconds.
            wanted: whether there is a store.
        """
        if now < self._due and len(self._noted) < MAX_WAITING:
            return
        noted, self._noted = self._noted, {}
        self._due = now + WRITE_SECONDS
        if not noted or not wanted() or (self._writing is not None and self._writing.is_alive()):
            return
        self._writing = threading.Thread(
            target=self.write, args=(noted,), name="yett activity", daemon=True
        )
        self._writing.start()

    def write(self, noted: Noted) -> None:
        """Write uses down; blocks. What fails is not tried again: the next minute says the same."""
        from yett.state.accounts import AccountStore  # noqa: PLC0415 — as in revocation_feed
        from yett.state.accounts.activity import note_uses  # noqa: PLC0415 — as above

        uses: dict[Use, float] = {}
        for principal, now in noted.values():
            for use in self._uses_of(principal):
                uses[use] = max(now, uses.get(use, 0.0))
        store = AccountStore(self.url, self._folder)
        try:
            store.write(lambda tx: note_uses(tx, uses))
        except StateError as error:
            _LOG.error("uses of %d credentials are not written down: %s", len(uses), error)
        finally:
            store.close()

    def _uses_of(self, principal: Principal) -> list[Use]:
        if principal.scheme == "api_key":
            return [("key", principal.credential), ("user", principal.id)]
        if not self.issuer or principal.issuer != self.issuer:
            return []
        found: list[Use] = [("client", principal.client)] if principal.client else []
        return [*found, ("user", principal.id)] if principal.kind == "user" else found
