"""Points in time as a human types them: `2h` ago, a date, or a date and time."""

from __future__ import annotations

import datetime as dt
import re

_AGO = re.compile(r"([0-9]{1,9})([smhdw])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def read_time(text: str, now: float) -> float | None:
    """Read a point in time as unix seconds; None when it is none.

    Args:
        text: `90s`, `15m`, `2h`, `7d`, `2w` (so long ago), or ISO 8601, UTC unless it says else.
        now: unix seconds.
    """
    ago = _AGO.match(text)
    if ago:
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.timestamp()
