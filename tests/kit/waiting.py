"""Waiting for what another process does."""

from __future__ import annotations

import time


def until(true, seconds=60, pause=0.05):
    """Wait until something is so, and answer it; a minute is for machines with other things to do."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(pause)
    return found
