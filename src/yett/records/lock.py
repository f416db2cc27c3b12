"""One writer for one folder: an advisory lock that ends with its process, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from yett.records.errors import LedgerError
from yett.records.segment import SEGMENT_MODE, unusable

# A reader asks `written_by` for microseconds at a time; a starting recorder outwaits it.
_PATIENCE_SECONDS = 0.5


def lock(folder: Path) -> int:
    """Take the folder's lock; it is held until the descriptor is closed.

    Raises:
        LedgerError: when another process writes here.
    """
    path = folder / "lock"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, SEGMENT_MODE)
    except OSError as error:
        raise unusable(error, path) from error
    until = time.monotonic() + _PATIENCE_SECONDS
    while not _try(fd, fcntl.LOCK_EX):
        if time.monotonic() > until:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise LedgerError(
                f"process {owner} already writes this ledger",
                path=str(folder),
                hint="stop it, or give this one another `store.ledger`",
            )
        time.sleep(0.02)
    # A full disk must not keep the recorder from starting: the lock holds without its note.
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
    return fd


def written(folder: Path) -> bool:
    """Whether some process writes the ledger now."""
    try:
        fd = os.open(folder / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _try(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def _try(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
