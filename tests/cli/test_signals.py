"""Signals arrive as numbers, in order, and interrupt nothing."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import os, signal, select
from yett.cli.signals import Signals
signals = Signals()
assert signals.came() == ()
signals.take()
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
    os.kill(os.getpid(), number)
select.select([signals], [], [], 5)
print(sorted(signals.came()), signals.came())
signals.close()
"""


def test_signals_are_noted_and_end_nothing():
    """SIGHUP, SIGTERM and SIGINT come as their numbers, once; the process goes on."""
    ended = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout == "[1, 2, 15] ()\n"
