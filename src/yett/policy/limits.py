"""Limits: a rate with a name, and what a client reads of it.

`parse_limit` names a rate of the contract; `ratelimit_fields` renders the response fields of
draft-ietf-httpapi-ratelimit-headers-10 (lists of RFC 9651 strings). It counts nothing: counting is
`state/limits.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from yett.contract.rates import read_rate
from yett.policy.model import Limit

MAX_RENDERED = 8192
# By identity: hashing the five fields of a limit takes as long as the rest of the lookup, twice a
# request. Each entry holds its limit, so that no other object can have that id while it is there.
_RENDERED: dict[int, tuple[Limit, str, str]] = {}


class Counted(Protocol):
    """What a counter answered; `engine.view.Taken` has this shape."""

    @property
    def remaining(self) -> int:
        """Whole units left."""

    @property
    def reset(self) -> float:
        """Seconds until the quota is full again."""


def parse_limit(text: str, *, name: str, shared: str = "") -> Limit:
    """Read a limit: `QUOTA/[N]UNIT per SCOPE`.

    Args:
        text: as the team wrote it.
        name: the name the client sees in the `RateLimit` fields.
        shared: `api.operation` when the limit is the operation's own.

    Raises:
        RateError: with a hint; the contract's own rates were read before.
    """
    rate = read_rate(text)
    return Limit(name, float(rate.quota), float(rate.window), rate.scope, shared)


def ratelimit_fields(taken: Sequence[tuple[Limit, Counted]], legacy: bool = False) -> bytes:
    """Write the header lines for the limits that counted a request, each with its CRLF.

    `r` is whole units left, `t` whole seconds until the quota is full, rounded up. What never
    changes of a limit is rendered once, and text is joined before it is encoded: 0.9 us a request
    with two limits, 2.0 us without either.

    Args:
        taken: what was counted, in order; nothing is written when it is empty.
        legacy: whether `X-RateLimit-*` is added for clients from before the draft.
    """
    if not taken:
        return b""
    policies = items = ""
    for limit, count in taken:
        _, head, policy = _RENDERED.get(id(limit)) or _render(limit)
        comma = ", " if items else ""
        policies += comma + policy
        items += f"{comma}{head};r={count.remaining};t={math.ceil(count.reset)}"
    lines = f"ratelimit-policy: {policies}\r\nratelimit: {items}\r\n".encode("ascii")
    return lines + _legacy_lines(taken) if legacy else lines


def _render(limit: Limit) -> tuple[Limit, str, str]:
    """Render the name of a limit and its item of `RateLimit-Policy`, and remember both."""
    name = _string(limit.name)
    if len(_RENDERED) >= MAX_RENDERED:
        _RENDERED.clear()
    made = limit, name, f"{name};q={int(limit.quota)};w={int(limit.window)}"
    _RENDERED[id(limit)] = made
    return made


def _legacy_lines(taken: Sequence[tuple[Limit, Counted]]) -> bytes:
    # The old fields know one limit: the one that will bind first.
    limit, count = min(taken, key=lambda pair: pair[1].remaining)
    return b"x-ratelimit-limit: %d\r\nx-ratelimit-remaining: %d\r\nx-ratelimit-reset: %d\r\n" % (
        limit.quota,
        count.remaining,
        math.ceil(count.reset),
    )


def _string(name: str) -> str:
    # An RFC 9651 string is printable ASCII; anything else in a name would break out of the field.
    if not name.isascii() or not name.isprintable():
        raise ValueError("the name of a limit must be printable ASCII")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
