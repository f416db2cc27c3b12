"""A request on its way to an upstream, and what can become of it.

The edge's request object is an `Errand`: it is given to a pool, is told of the response piece by
piece, and may give up at any time. No future and no task stands between the two connections.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.wire.link import Link
    from yett.wire.response import ResponseHead


class Failure(enum.Enum):
    """Why an errand failed."""

    UNREACHABLE = "no connection could be made"
    BUSY = "too many requests wait for a connection"
    UNANSWERED = "the connection closed before a byte of the response"
    BROKEN = "the response is not HTTP, or has two readings"
    TRUNCATED = "the connection closed inside the response"


class Errand:
    """What a pool and a link need of a request under way; the edge overrides the callbacks.

    Attributes:
        payload: bytes to send when a connection is there.
        bodiless: the answer has no body whatever it says (HEAD).
        upgrading: a 101 is wanted.
        more: more body follows the payload, by `link.send`.
        link: the connection that carries it, None while it waits.
        reused: whether the link had carried another errand before.
        given_up: nothing is to be called any more.
    """

    __slots__ = ("bodiless", "given_up", "link", "more", "payload", "reused", "upgrading")

    def __init__(self) -> None:
        self.payload = b""
        self.bodiless = False
        self.upgrading = False
        self.more = False
        self.link: Link | None = None
        self.reused = False
        self.given_up = False

    def upstream_ready(self) -> None:
        """The payload is under way on `link`; streamed body may follow."""

    def upstream_head(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """The head is there, with the part of the body that came with it."""

    def upstream_body(self, data: bytes, *, complete: bool) -> None:
        """More of the body is there; may be empty when `complete`."""

    def upstream_switched(self, head: ResponseHead, data: bytes) -> None:
        """The upstream answered 101; `link` now carries opaque bytes, of which `data` came."""

    def upstream_bytes(self, data: bytes) -> None:
        """Opaque bytes after a 101."""

    def upstream_failed(self, failure: Failure, note: str) -> None:
        """It is over; `link` is None and nothing more is called."""

    def upstream_writable(self, *, writable: bool) -> None:
        """The upstream takes more body, or must not be sent more."""
