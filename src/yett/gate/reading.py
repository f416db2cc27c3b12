"""One record read from the service, so that a rule can decide about it: an errand of its own.

The service sees the caller's own request turned into a plain GET: no condition, range, coding or
cached copy, which would answer with something else than the record as it is now; no body. What is
not the whole record, plain and within its limit, is a problem and never a record. Nothing of it
reaches the client from here. RFC 9110 s13, s14; RFC 9111 s5.2.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from yett.contract.model import SecurityScheme
from yett.engine.questions import RecordRead
from yett.problems import (
    RECORD_UNREADABLE,
    REDUCED_CAPACITY,
    UPSTREAM_UNREACHABLE,
    Problem,
)
from yett.terms import Secret
from yett.wire import serialize
from yett.wire.errand import Errand, Failure
from yett.wire.lines import describe, without

if TYPE_CHECKING:
    from yett.wire.pool import Pool
    from yett.wire.response import ResponseHead

# What a client says about the answer it wants, or about a body it does not send here. With its
# `cache-control: max-stale` a cache before the service would give a record of yesterday. Its proof
# of possession (`dpop`, RFC 9449) is one for another URL.
_NOT_ASKED = frozenset(
    b"accept accept-encoding cache-control digest dpop idempotency-key if-match if-modified-since "
    b"if-none-match if-range if-unmodified-since pragma prefer range repr-digest signature "
    b"signature-input".split()
)
_NOT_ASKED_PREFIXES = (b"content-", b"sec-websocket-", b"want-")
_ASKED = b"accept: application/json\r\naccept-encoding: identity\r\ncache-control: no-cache\r\n"
# If-Match compares strongly, so that a weak tag never matches (RFC 9110 s13.1.1).
_STRONG_TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')


def read_block(
    block: bytes,
    bearer: Secret | None,
    schemes: tuple[SecurityScheme, ...],
    unread: frozenset[bytes] = frozenset(),
) -> bytes:
    """Turn the field lines that a request is forwarded with into those of a read.

    Args:
        block: them, ready.
        bearer: the token to read with instead of what the caller presented; None for the caller's.
        schemes: where callers present credentials: none of it goes along with another's token.
        unread: fields of the caller's that nobody has verified.
    """
    if bearer is None:
        return without(block, _NOT_ASKED | unread, _NOT_ASKED_PREFIXES) + _ASKED
    shown = {s.parameter.lower().encode() for s in schemes if s.location == "header"}
    names = _NOT_ASKED | shown | {b"authorization", b"cookie"}
    read = without(block, names, _NOT_ASKED_PREFIXES)
    return read + _ASKED + b"authorization: Bearer %b\r\n" % bearer.reveal()


def no_record(head: ResponseHead, limit: int) -> str:
    """Say why an answer cannot be the whole record, plain; empty where it can."""
    if head.status == 206:
        return "the service answered with a part of the record"
    if describe(head.block).coded:
        return "the service answered with a content coding nobody asked for"
    return too_large(limit) if (head.length or 0) > limit else ""


def too_large(limit: int) -> str:
    """Say that a record is larger than `limit` bytes."""
    return f"the record is larger than {limit} bytes"


def make_record(head: ResponseHead, body: bytes) -> RecordRead:
    """Make what the engine asked for of a whole answer."""
    told = describe(head.block)
    etag = told.tag if _STRONG_TAG.fullmatch(told.tag) else b""
    return RecordRead(head.status, told.media_type, etag, body)


class Reading(Errand):
    """One GET under way; tells its outcome once.

    Args:
        pool: the upstream's connections.
        target: origin-form target, canonical.
        block: ready field lines.
        limit: most bytes of the answer's body.
        told: called with the record, or with the problem that there is none; not after `stop`.
    """

    __slots__ = ("_head", "_limit", "_pieces", "_pool", "_retried", "_size", "_told")

    def __init__(
        self,
        pool: Pool,
        target: str,
        block: bytes,
        limit: int,
        told: Callable[[RecordRead | Problem], None],
    ) -> None:
        super().__init__()
        self.payload = serialize.request_head("GET", target, pool.host, block, b"")
        self._pool = pool
        self._limit = limit
        self._told = told
        self._head: ResponseHead | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._retried = False

    def begin(self) -> None:
        """Ask; the answer may come before this returns."""
        self._pool.take(self)

    def stop(self) -> None:
        """Let go: nobody waits for the record any more."""
        self._pool.give_up(self)

    def upstream_head(self, head: ResponseHead, body: bytes, *, complete: bool) -> None:
        """Take the head, if what follows can be the whole record, plain."""
        unfit = no_record(head, self._limit)
        if unfit:
            self._refuse(unfit)
        else:
            self._head = head
            self.upstream_body(body, complete=complete)

    def upstream_body(self, data: bytes, *, complete: bool) -> None:
        """Collect the body, within its limit."""
        head = self._head
        assert head is not None
        self._size += len(data)
        if self._size > self._limit:
            self._refuse(too_large(self._limit))
            return
        self._pieces.append(data)
        if complete:
            self._tell(make_record(head, b"".join(self._pieces)))

    def upstream_failed(self, failure: Failure, note: str) -> None:
        """Try once more where a pooled connection had been closed meanwhile; else say why not."""
        if failure is Failure.UNANSWERED and self.reused and not self._retried:
            self._retried = True
            self._pool.take(self, fresh=True)
        elif failure is Failure.UNREACHABLE:
            self._tell(UPSTREAM_UNREACHABLE(note=f"for a read: {note}"))
        elif failure is Failure.BUSY:
            self._tell(REDUCED_CAPACITY(headers=((b"retry-after", b"1"),), note=note))
        else:
            self._tell(RECORD_UNREADABLE(note=note))

    def _refuse(self, note: str) -> None:
        self._pool.give_up(self)
        self._tell(RECORD_UNREADABLE(note=note))

    def _tell(self, read: RecordRead | Problem) -> None:
        # What it was asked for may ask for the next at once: nothing of this one is touched after.
        self.given_up = True
        self._told(read)
