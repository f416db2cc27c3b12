"""Rates as a team writes them: `10/min per principal`, checked where the line is known.

A literal table of units and scopes and one strict form. It counts nothing and names nothing:
`policy.limits` makes a limit of a rate, `state/limits.py` counts.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from msgspec import Struct

from yett.contract.report import quote

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

_RATE = re.compile(r"([0-9]{1,12})\s*/\s*([0-9]{0,7})\s*([A-Za-z]{1,12})\s+per\s+([A-Za-z]{1,16})")


class Rate(Struct, frozen=True):
    """`quota` units in a `window` of seconds, counted per `scope` of `SCOPES`."""

    quota: int
    window: int
    scope: str


class RateError(ValueError):
    """A rate that cannot be read; the text says what is wrong and `hint` what to write."""

    def __init__(self, message: str, hint: str = EXAMPLE) -> None:
        super().__init__(message)
        self.hint = hint


def read_rate(text: str) -> Rate:
    """Read `QUOTA/[N]UNIT per SCOPE`.

    Raises:
        RateError: with a hint.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise RateError(f"{quote(text)} is not a limit")
    quota, window = int(match[1]), _window(match[2], match[3])
    if not 1 <= quota <= MAX_QUOTA_UNITS:
        raise RateError(f"the quota in {quote(text)} must be between 1 and {MAX_QUOTA_UNITS:,}")
    return Rate(quota, window, _known(match[4], SCOPES, "scope"))


def _window(count: str, unit: str) -> int:
    seconds = int(count or 1) * UNIT_SECONDS[_known(unit, tuple(UNIT_SECONDS), "unit")]
    if not 1 <= seconds <= MAX_WINDOW_SECONDS:
        raise RateError(f"a window of {seconds:,} s must be between 1 s and 31 days")
    return seconds


def _known(word: str, known: Sequence[str], what: str) -> str:
    if word in known:
        return word
    near = difflib.get_close_matches(word.lower(), known, 1)
    choice = f"did you mean `{near[0]}`?" if near else "known: " + ", ".join(known)
    raise RateError(f"unknown {what} `{word}` in a limit", choice)
