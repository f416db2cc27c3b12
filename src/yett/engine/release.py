"""Step 14, response rules: may this answer leave, and which of its records and fields?

The adapter collects the whole answer of an operation whose plan asks for it, and asks here once.
What cannot be checked is refused; what is left out is left out whole. Does no I/O.
"""

from __future__ import annotations

from msgspec import Struct

from yett.engine.exchange import Exchange
from yett.problems import Problem
from yett.terms import Event


class Reply(Struct, frozen=True):
    """The service's whole answer.

    Args:
        status: its status.
        media_type: lower-case, without parameters; empty when there is none.
        coded: it carries a `Content-Encoding`, which no rule can read.
        body: all of it.
    """

    status: int
    media_type: str
    coded: bool
    body: bytes


class Released(Struct, frozen=True):
    """What may leave: the body as it may be seen, or the problem to answer with instead.

    `events` are findings for the record (the service leaks, or broke a machine); the adapter
    appends them to its sink.
    """

    body: bytes
    problem: Problem | None = None
    events: tuple[Event, ...] = ()


def release(x: Exchange, reply: Reply) -> Released:
    """Decide on a whole answer; called once, after an allowed request was forwarded."""
    del x
    return Released(reply.body)
