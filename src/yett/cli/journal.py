"""Lifecycle lines on stderr: one per event, logfmt or JSON, never a secret or a stack trace.

Requests are not logged here: each leaves its record in the ledger.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/,+@[]")


class Journal:
    """Writes lines. Made once by the supervisor, inherited by what it forks.

    Args:
        form: `text` for logfmt, `json` for one object a line.
        role: who writes: `supervisor`, `recorder`, `worker-0`.
    """

    def __init__(self, form: str, role: str = "supervisor") -> None:
        self.form = form
        self.role = role

    def named(self, role: str) -> Journal:
        """The same journal for another process."""
        return Journal(self.form, role)

    def write(self, event: str, **fields: Any) -> None:
        """Write one line. A value is never able to start a second one (CWE-117)."""
        row = {"time": _stamp(time.time()), "event": event, "role": self.role, **fields}
        if self.form == "json":
            text = json.dumps(row, separators=(",", ":"), default=str)
        else:
            text = " ".join(f"{name}={_logfmt(value)}" for name, value in row.items())
        # One write call: lines of several processes do not mix below PIPE_BUF.
        try:
            os.write(sys.stderr.fileno(), f"{text}\n".encode())
        except (OSError, ValueError):
            return  # a closed stderr must not stop the gate


def place(error: BaseException) -> str:
    """Where an unexpected exception came from, `file:line`, without its text.

    The text of a foreign exception may quote the request; the place cannot.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _stamp(now: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{whole}.{int(now % 1 * 1000):03d}Z"


def _logfmt(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if text and _PLAIN.issuperset(text) else json.dumps(text)
