"""One issuer's key set as it changes: fetched or read, kept when that fails, retired when removed.

An unknown `kid` may start one fetch every `COOL_DOWN_SECONDS`, whoever asks and however often
(go-oidc #482); everybody who asks meanwhile waits for the same one. What was fetched unasked does
not count: an issuer that rotates right after the gate has started is followed. A failed fetch never
wipes what is held (PyJWT GHSA-fhv5 did). A key that is gone from the set is retired at once, and
what it signed is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from yett.credentials.keyset import KeySet, KeySetError, load_keys
from yett.credentials.rules import JwtRules
from yett.state.fetch import FetchError

COOL_DOWN_SECONDS = 30.0
# While no set was ever held: 1, 2, 4 ... 30 s. An issuer often starts together with the gate, which
# would otherwise refuse everybody for the half minute after the first look.
FIRST_PAUSE_SECONDS = 1.0
MAX_DOUBLINGS = 16
REFRESH_SECONDS = 600.0
WAIT_SECONDS = 10.0

_LOG = logging.getLogger("yett.state")


class IssuerKeys:
    """The keys of one issuer.

    Args:
        rules: the issuer's rules.
        on_retired: called when a key that was held is gone or has changed.
        download: gets the document, blocking; None for a set that is read from a file.
        clock: monotonic seconds.

    Attributes:
        guard: held while a fetched set is taken into use; for who verifies in other threads.
    """

    def __init__(
        self,
        rules: JwtRules,
        on_retired: Callable[[], None],
        download: Callable[[], bytes] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rules = rules
        self.keys: KeySet | None = None
        self.fetches = 0
        self._on_retired = on_retired
        self._download = download
        self._clock = clock
        self._flight: asyncio.Future[bytes] | None = None
        self._flight_asked = False
        self._failures = 0
        self._tried = float("-inf")
        self._asked = float("-inf")
        self._fresh_until = float("-inf")
        self.guard: AbstractContextManager[Any] = nullcontext()

    @property
    def remote(self) -> bool:
        """Whether the set is fetched."""
        return self._download is not None

    @property
    def cooling(self) -> bool:
        """Whether asking for an unknown key is of no use now."""
        if self._flight is not None:
            return False
        last = self._tried if self.keys is None else self._asked
        return not self.remote or self._clock() - last < self._pause()

    def install(self, document: bytes) -> KeySet:
        """Take a key set into use and return it.

        Raises:
            KeySetError: it cannot be used; what is held stays.
        """
        fresh = load_keys(document, self.rules.algorithms)
        held, self.keys = self.keys, fresh
        for reason in fresh.ignored:
            _LOG.warning("keys of %s: %s", self.rules.issuer, reason)
        if held is not None and _retired(held, fresh):
            self._on_retired()
        return fresh

    def adopt(self, held: IssuerKeys) -> None:
        """Go on with the set another object of the same issuer held, after a reload."""
        if held.keys is not None:
            self.keys = self.keys or held.keys
            self._tried, self._asked = held._tried, held._asked
            self._fresh_until = held._fresh_until

    async def start(self) -> None:
        """Fetch the set that is held first."""
        if self.remote and self.keys is None and not self.cooling:
            await asyncio.wait({self._flight or self._begin()}, timeout=WAIT_SECONDS)

    async def fetch(self, kid: str = "") -> bool:
        """Fetch once for everybody who waits; True when the set may be newer than it was.

        A fetch that is under way unasked may have begun before the issuer published `kid`: then one
        more is begun after it. Which key is wanted decides nothing else.
        """
        if self.cooling:
            # A set that has landed since the token was looked at may have the key: seen under load,
            # one in some thousand requests at each rotation.
            return self.keys is None or self._holds(kid)
        if self._flight is not None and not self._flight_asked:
            await asyncio.wait({self._flight}, timeout=WAIT_SECONDS)
            return self._holds(kid) or await self.fetch(kid)
        if self._flight is None:
            self._asked = self._clock()
            self._flight_asked = True
        flight = self._flight or self._begin()
        # `wait` leaves the download running when a client gives up, so its result is not lost.
        await asyncio.wait({flight}, timeout=WAIT_SECONDS)
        return True

    def _holds(self, kid: str) -> bool:
        return self.keys is not None and kid in self.keys.keys

    def refresh_if_due(self) -> None:
        """Start a fetch in the background when the set is old; needs a running loop."""
        if self.remote and self._flight is None:
            now = self._clock()
            if now >= self._fresh_until and now - self._tried >= self._pause():
                self._begin()

    def _pause(self) -> float:
        """Seconds from one fetch to the next."""
        if self.keys is not None or not self._failures:
            return COOL_DOWN_SECONDS
        doublings = min(self._failures - 1, MAX_DOUBLINGS)
        return min(COOL_DOWN_SECONDS, FIRST_PAUSE_SECONDS * 2.0**doublings)

    def _begin(self) -> asyncio.Future[bytes]:
        assert self._download is not None
        self.fetches += 1
        self._tried = self._clock()
        flight = asyncio.get_running_loop().run_in_executor(None, self._download)
        flight.add_done_callback(self._land)
        self._flight = flight
        return flight

    def _land(self, flight: asyncio.Future[bytes]) -> None:
        self._flight, self._flight_asked = None, False
        if flight.cancelled():
            return
        error = flight.exception()
        try:
            if error is not None:
                raise error
            with self.guard:
                self.install(flight.result())
            self._fresh_until = self._clock() + REFRESH_SECONDS
        except (FetchError, KeySetError) as failed:
            self._failures += 1
            state = "the last good set stays in force" if self.keys else "no set is held"
            _LOG.error("keys of %s: %s; %s", self.rules.issuer, failed.message, state)


def _retired(held: KeySet, fresh: KeySet) -> bool:
    """Whether a key that could verify before cannot any more, or is another key."""
    for kid, key in held.keys.items():
        now = fresh.keys.get(kid)
        if now is None or now.thumbprint != key.thumbprint or not key.algorithms <= now.algorithms:
            return True
    return False
