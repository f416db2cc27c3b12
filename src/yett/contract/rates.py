"""The form of a limit, `10/min per principal`, checked where its line is known.

`policy.limits.parse_limit` gives it a meaning and has the last word; this names a typing error
with the line of yett.toml or of the Overlay, which the compiler no longer knows.
"""

from __future__ import annotations

import re

HINT = "write it like `10/min per principal` or `100/15min per ip`"

_UNITS = "s|sec|second|min|minute|h|hour|d|day"
_SCOPES = "principal|key|tenant|ip"
_LIMIT = re.compile(rf"\s*[0-9]{{1,12}}\s*/\s*[0-9]{{0,7}}\s*(?:{_UNITS})\s+per\s+(?:{_SCOPES})\s*")


def is_limit(text: str) -> bool:
    """Tell whether a limit is written as one."""
    return _LIMIT.fullmatch(text) is not None
