"""A request's body from an ASGI server: read whole for the engine, or bounded as it streams by.

The same byte limits, the same least rate and the same times as at the edge (`gate/upload.py`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from yett.gate.upload import body_deadline
from yett.gate.within.asgi_scope import Message, Receive
from yett.gate.within.visit import Visit
from yett.problems import BODY_TOO_LARGE, MALFORMED_REQUEST, REQUEST_TIMEOUT, Problem

DISCONNECT: dict[str, Any] = {"type": "http.disconnect"}


class ClientLeftError(Exception):
    """The client is gone before its request was whole."""


class Body:
    """The body of one request.

    Args:
        visit: the request.
        receive: the server's.
        first: a message that was already received.

    Attributes:
        refused: why the body cannot be passed on any further.
        left: the client is gone.
    """

    __slots__ = ("_began", "_complete", "_first", "_receive", "_visit", "left", "refused")

    def __init__(self, visit: Visit, receive: Receive, first: Message | None) -> None:
        self._visit = visit
        self._receive = receive
        self._first = first
        self._began = 0.0
        self._complete = False
        self.refused: Problem | None = None
        self.left = False

    async def read(self, limit: int) -> bytes | Problem:
        """Read the whole body.

        Raises:
            ClientLeftError: it is gone.
        """
        visit = self._visit
        visit.reading = True
        length = visit.x.request.length
        if length is not None and length > limit:
            return BODY_TOO_LARGE()
        pieces: list[bytes] = []
        while not self._complete:
            piece = await self._next(limit, streaming=False)
            if isinstance(piece, Problem):
                return piece
            pieces.append(piece)
        visit.read = True
        return b"".join(pieces)

    async def stream(self) -> Message:
        """Hand the application the next message, as its `receive`."""
        if self.refused is not None or self.left:
            return DISCONNECT
        if self._complete:
            message = await self._receive()
            self.left = message["type"] == DISCONNECT["type"]
            return message if self.left else DISCONNECT
        assert self._visit.x.plan is not None
        try:
            piece = await self._next(self._visit.x.plan.operation.max_body, streaming=True)
        except ClientLeftError:
            return DISCONNECT
        if isinstance(piece, Problem):
            self.refused = piece
            return DISCONNECT
        return {"type": "http.request", "body": piece, "more_body": not self._complete}

    async def _next(self, limit: int, *, streaming: bool) -> bytes | Problem:
        visit = self._visit
        now = asyncio.get_running_loop().time()
        self._began = self._began or now
        settings = visit.current.settings
        until = body_deadline(settings, self._began, now, visit.received, streaming=streaming)
        try:
            message, self._first = self._first, None
            if message is None:
                async with asyncio.timeout_at(until):
                    message = await self._receive()
        except TimeoutError:
            return REQUEST_TIMEOUT(close=True)
        if message["type"] != "http.request":
            self.left = True
            raise ClientLeftError
        piece = bytes(message.get("body", b""))
        visit.received += len(piece)
        self._complete = not message.get("more_body", False)
        length = visit.x.request.length
        if visit.received > limit:
            return BODY_TOO_LARGE(close=True)
        if length is not None and (
            visit.received > length or (self._complete and visit.received < length)
        ):
            return MALFORMED_REQUEST("the body is not as long as it says", close=True)
        return piece


class Replay:
    """A body that is known, as an application's `receive`; then silence until its answer is whole.

    A disconnect that comes too early would make an application stop answering.

    Args:
        body: all of it.
        rest: what to wait on afterwards; None to wait for `end`.
    """

    __slots__ = ("_body", "_ended", "_rest")

    def __init__(self, body: bytes, rest: Receive | None = None) -> None:
        self._body: bytes | None = body
        self._rest = rest
        self._ended = asyncio.Event()

    async def receive(self) -> Message:
        """Give the body once."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if self._rest is not None:
            # What the server still says of an empty body would be one message too many (Django).
            while (message := await self._rest())["type"] == "http.request":
                pass
            return message
        await self._ended.wait()
        return DISCONNECT

    def end(self) -> None:
        """Let who waits go: the answer is whole."""
        self._ended.set()
