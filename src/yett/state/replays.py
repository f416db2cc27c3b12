"""What is good once, remembered by all worker processes of a host and across restarts.

For proofs of possession (RFC 9449 s11.1) and tokens for one operation. Bounded: a table in a file
that is mapped (`replay_file`), 24 bytes for each use until it expires. Whatever goes wrong, a full
table, a disk, a lock that nobody gives back, the answer is that it was used before: fail closed.
Knows digests only, never what was used.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import mmap
import os
import struct
import threading
import time
import weakref
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from yett.state.errors import StateError
from yett.state.replay_file import (
    BUCKET_BYTES,
    DIGEST_BYTES,
    HEADER_BYTES,
    SLOTS,
    TIME_BYTES,
    Table,
    open_table,
)

REPLAYS_FILE = "var/used"
# A process that holds a bucket holds it for 3 us, unless it is stopped in the midst of it.
MAX_WAIT_SECONDS = 0.02
PAUSE_SECONDS = 0.000_05
AGAIN_SECONDS = 1.0  # between two tries to open a file that could not be opened
QUIET_SECONDS = 60.0  # between two lines in the log that say the same

_TIMES = struct.Struct(f"<{SLOTS}d")
_TIME = struct.Struct("<d")
_LOG = logging.getLogger("yett.state")
# One descriptor of a file in a process: closing another would free what this one has locked
# (fcntl(2)). The kernel tells processes apart, this lock tells threads apart.
_OPEN: weakref.WeakValueDictionary[Path, Replays] = weakref.WeakValueDictionary()
_THREADS = threading.Lock()


class Replays:
    """The memory of one host; opened when something is used for the first time.

    Args:
        path: the file.
        most: uses that it must be able to remember at once.
    """

    def __init__(self, path: Path, most: int) -> None:
        self.path = path
        self.most = most
        self._table: Table | None = None
        self._next_try = float("-inf")
        self._next_line = float("-inf")

    def __del__(self) -> None:
        """Give up the file."""
        table = self._table
        if table is not None:
            table.pages.close()
            os.close(table.handle)

    def first_use(self, name: str, until: float, made: float, now: float) -> bool:
        """Note a use; True when it is the first, and surely so.

        Args:
            name: what is used; names of different things must differ.
            until: unix seconds after which nobody accepts it any more.
            made: unix seconds, when it was made. What is older than this memory may have been used.
            now: unix seconds.
        """
        table = self._table or self._try_to_open(now)
        if table is None or made < table.born:
            return False
        digest, start = _place(table, name)
        with _held(table.handle, start) as held:
            if held:
                return self._note(table, digest, start, until, now)
        self._say("is held by a process that does not let go", now)
        return False

    def unused(self, name: str, made: float, now: float) -> bool:
        """Whether this would be a first use, as far as a look without holding anything can tell.

        Args:
            name: as in `first_use`.
            made: unix seconds.
            now: unix seconds.
        """
        table = self._table or self._try_to_open(now)
        if table is None or made < table.born:
            return False
        digest, start = _place(table, name)
        times_at = start + SLOTS * DIGEST_BYTES
        slot = _find(table.pages, digest, start, times_at)
        return slot < 0 or bool(
            _TIME.unpack_from(table.pages, times_at + slot * TIME_BYTES)[0] <= now
        )

    def _note(self, table: Table, digest: bytes, start: int, until: float, now: float) -> bool:
        pages, times_at = table.pages, start + SLOTS * DIGEST_BYTES
        times = _TIMES.unpack_from(pages, times_at)
        slot = _find(pages, digest, start, times_at)
        if slot < 0:
            slot = times.index(min(times))
        elif times[slot] > now:
            return False
        if times[slot] > now:
            self._say("is full; raise `identity.dpop.max_remembered`", now)
            return False
        # The digest first: killed between the two, the slot has one that is over.
        pages[start + slot * DIGEST_BYTES : start + (slot + 1) * DIGEST_BYTES] = digest
        _TIME.pack_into(pages, times_at + slot * TIME_BYTES, until)
        return True

    def _try_to_open(self, now: float) -> Table | None:
        if now < self._next_try:
            return None
        self._next_try = now + AGAIN_SECONDS
        with _THREADS:
            if self._table is None:
                try:
                    self._table = open_table(self.path, self.most, now)
                except StateError as error:
                    _LOG.error("%s; what is good once is refused until then", error)
        return self._table

    def _say(self, what: str, now: float) -> None:
        if now >= self._next_line:
            self._next_line = now + QUIET_SECONDS
            _LOG.error("%s: %s; what is good once is refused", self.path, what)


def _place(table: Table, name: str) -> tuple[bytes, int]:
    """Return the digest of a name, and where its bucket starts."""
    digest = blake2b(name.encode(), digest_size=DIGEST_BYTES, key=table.key).digest()
    start = HEADER_BYTES + int.from_bytes(digest[:8], "big") % table.buckets * BUCKET_BYTES
    return digest, start


def open_replays(path: Path, most: int) -> Replays:
    """Return this process's memory at a path; nothing is read or made before it is needed.

    While it is in use, in this process or another, its size stays what it was.
    """
    key = path.absolute()
    found = _OPEN.get(key)
    if found is None:
        found = _OPEN[key] = Replays(path, most)
    return found


@contextlib.contextmanager
def _held(handle: int, place: int) -> Iterator[bool]:
    """Hold a bucket among threads and processes; False when it cannot be had soon."""
    if not _THREADS.acquire(timeout=MAX_WAIT_SECONDS):
        yield False
        return
    try:
        if not _lock(handle, place):
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(handle, fcntl.LOCK_UN, 1, place)
    finally:
        _THREADS.release()


def _lock(handle: int, place: int) -> bool:
    give_up = 0.0
    while True:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, fcntl(2)
            moment = time.monotonic()
            give_up = give_up or moment + MAX_WAIT_SECONDS
            if moment > give_up:
                return False
            time.sleep(PAUSE_SECONDS)
        else:
            return True


def _find(pages: mmap.mmap, digest: bytes, start: int, end: int) -> int:
    """Return the slot of a digest in a bucket, -1 when it has none."""
    at = pages.find(digest, start, end)
    while at >= 0 and (at - start) % DIGEST_BYTES:  # across two others, once in 2^128
        at = pages.find(digest, at + 1, end)
    return (at - start) // DIGEST_BYTES if at >= 0 else -1
