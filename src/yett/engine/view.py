"""What the engine may look at while it decides: an in-memory view of state.

A protocol only; `state` implements it. Every method answers at once, from memory, in bounded time.
"""

from __future__ import annotations

from typing import Any, Protocol

from yett.credentials.verifier import Verified
from yett.policy.cedar.model import Decided, Inputs, Slice
from yett.policy.model import Limit, Taken
from yett.problems import Problem
from yett.terms import Principal

__all__ = ["Taken", "View"]


class View(Protocol):
    """State as the engine sees it."""

    def take(self, subject: str, limit: Limit, cost: float, now: float) -> Taken:
        """Take `cost` units for `subject` from `limit`, atomically within this process."""

    def give_back(self, subject: str, limit: Limit, cost: float, now: float) -> None:
        """Return units taken a moment ago, when a later limit refused the request."""

    def failing(self, source: str, now: float) -> float:
        """Seconds for which this source must wait after too many refusals, 0 when it need not."""

    def failed(self, source: str, now: float) -> None:
        """Count one refused credential of this source."""

    def enter(self, subject: str, most: int) -> bool:
        """Count one more request under way for `subject`; False when `most` are."""

    def leave(self, subject: str) -> None:
        """Count one fewer."""

    def verify(self, scheme: str, credential: bytes, now: float, source: str) -> Verified | Problem:
        """Verify a presented credential, from memory where it was verified before.

        `scheme` is `bearer` (a JWT or an opaque token), `session` (a browser's cookie) or
        `api_key`. A `Verified` may say that keys must be fetched, or the issuer asked. `source` is
        the client's address: an API key may be bound to networks. A principal with a `binding` is
        not proven by this alone.
        """

    def first_use(self, name: str, until: float, made: float, now: float) -> bool:
        """Note the use of something that is good once, from `made` until `until` (unix seconds).

        True once among all workers of this host, and across restarts; False for every later use,
        where it could not be noted, and for what is older than the memory (fails closed).
        """

    def unused(self, name: str, made: float, now: float) -> bool:
        """Whether `first_use` would say yes at this moment, as far as can be seen; notes nothing.

        What it says may be over when the next request has asked: only `first_use` decides.
        """

    def nonce(self, now: float) -> bytes:
        """A nonce for proofs of possession (RFC 9449 s8), the same in all workers for a while."""

    def accepts_nonce(self, nonce: str, now: float) -> bool:
        """Whether a nonce is ours and not too old."""

    def seal(self, data: bytes, now: float) -> str:
        """A digest of secrets, hex, that only this host can compute; empty when it cannot now."""

    def active(self, principal: Principal, now: float) -> None:
        """Note that a principal used its credential; it is written down later, in the mass."""

    def unsure(self, now: float) -> bool:
        """Whether revocations could not be read for so long that unsafe requests must wait."""

    def revoked(self, principal: Principal) -> bool:
        """Whether this principal or credential was revoked or is inactive (step 5)."""

    def enriched(self, key: str, now: float) -> dict[str, Any] | None:
        """What the service said of the holder of a credential, as Cedar values; None to ask."""

    def enrich(self, key: str, attributes: dict[str, Any], until: float) -> None:
        """Remember the above until `until` (unix seconds)."""

    def seen(self, principal: str, uid: str, now: float) -> bool:
        """Whether this principal was shown this record not too long ago, by any worker."""

    def saw(self, principal: str, uids: tuple[str, ...], now: float) -> None:
        """Note the records that a principal was shown."""

    def sample(self, slice_: Slice, inputs: Inputs, decided: Decided) -> None:
        """Take a decision; one of many is compared with cedarpy later, off the path."""
