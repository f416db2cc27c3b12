"""Asks an issuer about tokens that only it can judge (RFC 7662) and remembers the answers.

Everybody who waits for one token waits for one question; so many are under way at most, each has a
deadline, and after an outage the issuer is left alone for a while. Only what an issuer said of
exactly these bytes is remembered, never longer than `ttl` and the token. What cannot be asked is
refused with 503: a stale yes would keep a revoked token alive.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from yett.contract.config import IssuerConfig
from yett.contract.identity_settings import IntrospectionConfig
from yett.credentials.introspection import MAX_ANSWER_BYTES, Unusable, judge_answer
from yett.credentials.refusals import invalid
from yett.credentials.rules import JwtRules
from yett.credentials.verifier import Verified
from yett.problems import KEYS_UNAVAILABLE, Problem
from yett.state.client_secret import basic, read_client_secret
from yett.state.discovery import find_endpoint
from yett.state.errors import StateError
from yett.state.fetch import FetchError, check_url, fetch, post
from yett.state.files import WatchedFile
from yett.state.tokens import RememberedTokens
from yett.terms import Principal

LEAST_TTL_SECONDS = 1.0  # those who wait for an answer share it
REFUSED_TTL_SECONDS = 10.0
MOST_ASKED = 64  # under way at once; more are sent away with 503
THREADS = 8
WAIT_SECONDS = 10.0  # shorter than the gate's patience with a question, which ends in 401
FIRST_PAUSE_SECONDS = 1.0
MOST_PAUSE_SECONDS = 30.0
MAX_DOUBLINGS = 16
QUIET_SECONDS = 60.0  # between two lines in the log about single tokens
# What an issuer may answer because of the very token that it is asked about: it says nothing of the
# next one. Otherwise whoever finds a token that makes it fail could have it left alone for good.
REFUSES_TOKEN = frozenset((400, 413, 414, 422, 431))
FAILS_AT_TOKEN = frozenset((200, 500))

_LOG = logging.getLogger("yett.state")
_DETAIL = "the issuer cannot be asked about the token at the moment"

Ask = Callable[[bytes], bytes]


class Introspection:
    """What one issuer says about tokens.

    Args:
        rules: the issuer's.
        ttl: seconds for which an answer is good.
        ask: sends a token to the issuer and answers its answer; blocks, raises `FetchError`.
        clock: unix seconds.

    Attributes:
        guard: held while an answer is taken; for who verifies in other threads.
    """

    def __init__(
        self, rules: JwtRules, ttl: float, ask: Ask, clock: Callable[[], float] = time.time
    ) -> None:
        self.rules = rules
        self.asked = 0
        self.guard: AbstractContextManager[Any] = nullcontext()
        self._ttl = max(ttl, LEAST_TTL_SECONDS)
        self._ask = ask
        self._clock = clock
        # Apart, so that a flood of made-up tokens drives out no good one.
        self._good, self._bad = RememberedTokens(), RememberedTokens()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._flights: dict[bytes, asyncio.Future[bytes]] = {}
        self._generation = 0
        self._failures = 0
        self._quiet_until = float("-inf")
        self._next_line = float("-inf")

    def look(self, token: bytes, now: float) -> Verified | Problem:
        """Say what is known about a token; a `Verified` without principal: the issuer knows."""
        known = self.known(token, now)
        if known is not None:
            return known
        if now < self._quiet_until or len(self._flights) >= MOST_ASKED:
            return self._unavailable()
        return Verified(None, self.rules.issuer, opaque=True)

    def known(self, token: bytes, now: float) -> Verified | Problem | None:
        """Say what was answered about a token and still holds."""
        for held in (self._good, self._bad):
            found = held.table.get(token)
            if found is not None and now < found[0]:
                return found[1]
        return None

    async def ask(self, token: bytes, jwt: Principal | None = None) -> None:
        """Ask the issuer, once for everybody who waits; then `look` knows, or knows of an outage.

        Args:
            token: as presented.
            jwt: whom it proves by itself, where it is a JWT.
        """
        self._settle()
        flight = self._flights.get(token)
        if flight is None:
            if self.known(token, self._clock()) is not None or len(self._flights) >= MOST_ASKED:
                return
            flight = self._begin(token, jwt)
        # `wait` lets the question go on when a client gives up, so its answer is not lost.
        done, _ = await asyncio.wait({flight}, timeout=WAIT_SECONDS)
        if not done:
            with self.guard:
                self._bad.remember(token, self._unavailable(), self._clock() + FIRST_PAUSE_SECONDS)

    def forget(self) -> None:
        """Forget every answer, also those under way: a key was retired."""
        self._generation += 1
        self._good.clear()
        self._bad.clear()

    def _settle(self) -> None:
        """Begin anew in another loop: after a fork, neither threads nor questions are alive."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._flights.clear()
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="yett introspection")

    def _begin(self, token: bytes, jwt: Principal | None) -> asyncio.Future[bytes]:
        assert self._loop is not None
        self.asked += 1
        flight = self._loop.run_in_executor(self._threads, self._ask, token)
        self._flights[token] = flight
        flight.add_done_callback(partial(self._land, token, jwt, self._generation))
        return flight

    def _land(
        self,
        token: bytes,
        jwt: Principal | None,
        generation: int,
        flight: asyncio.Future[bytes],
    ) -> None:
        if self._flights.get(token) is flight:
            del self._flights[token]
        if flight.cancelled() or generation != self._generation:
            return
        error, now = flight.exception(), self._clock()
        if error is None:
            judged = judge_answer(flight.result(), self.rules, now, jwt)
        elif not isinstance(error, FetchError):
            raise error
        elif error.status in REFUSES_TOKEN:
            judged = invalid(f"the issuer answered {error.status}")
        else:
            judged = Unusable(error.message)
        answered = 200 if error is None else error.status
        with self.guard:
            self._keep(token, judged, now, alone=answered in REFUSES_TOKEN | FAILS_AT_TOKEN)

    def _keep(
        self, token: bytes, judged: Verified | Problem | Unusable, now: float, *, alone: bool
    ) -> None:
        if isinstance(judged, Unusable):
            if alone:
                self._say(judged.reason, now)
            else:
                self._fail(judged.reason, now)
            # At least for those who asked: their second look must not be another question.
            self._bad.remember(token, self._unavailable(), now + FIRST_PAUSE_SECONDS)
            return
        self._failures = 0
        if isinstance(judged, Problem):
            self._bad.remember(token, judged, now + min(self._ttl, REFUSED_TTL_SECONDS))
        elif judged.principal is not None:
            self._good.remember(token, judged, min(now + self._ttl, judged.principal.expires))

    def _fail(self, reason: str, now: float) -> None:
        """Leave the issuer alone: 1, 2, 4 ... 30 s. What was asked before that does not count."""
        if now < self._quiet_until:
            return
        pause = FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures, MAX_DOUBLINGS)
        self._failures += 1
        self._quiet_until = now + min(pause, MOST_PAUSE_SECONDS)
        _LOG.error("introspection at %s: %s", self.rules.issuer, reason)

    def _say(self, reason: str, now: float) -> None:
        if now >= self._next_line:
            self._next_line = now + QUIET_SECONDS
            _LOG.error("introspection at %s, of one token: %s", self.rules.issuer, reason)

    def _unavailable(self) -> Problem:
        note = f"{self.rules.issuer} cannot be asked"
        return KEYS_UNAVAILABLE(_DETAIL, note=note, headers=((b"retry-after", b"1"),))


class Endpoint:
    """The issuer's introspection endpoint, and our own name and secret there.

    Args:
        issuer: the configuration.
        introspection: its part.
        folder: where the path of the secret starts.

    Raises:
        StateError: the secret cannot be read, or the address not be used.
    """

    def __init__(
        self, issuer: IssuerConfig, introspection: IntrospectionConfig, folder: Path
    ) -> None:
        try:
            check_url(introspection.url or issuer.url)
        except FetchError as error:
            raise StateError(error.message, hint="`url` is an https URL") from None
        self._issuer = issuer.url
        self._client = introspection.client_id
        self._url = introspection.url
        self.secret = WatchedFile(folder / introspection.secret, read_client_secret)

    def __call__(self, token: bytes) -> bytes:
        """Ask about a token (s2.1); blocks.

        Raises:
            FetchError: it cannot be reached, or does not answer with 200.
        """
        # Found once: an address that moves is a new configuration, or a restart.
        self._url = self._url or find_endpoint(self._issuer, "introspection_endpoint", fetch)
        form = urlencode({"token": token, "token_type_hint": "access_token"}).encode()
        ours = basic(self._client, self.secret.value)
        return post(self._url, form, ours, MAX_ANSWER_BYTES)
