"""The file of what was used: a table of fixed size that all processes of a host map.

Layout: a header page, then buckets of 64 digests and their 64 expiry times. Every process that uses
it holds a shared flock; who finds nobody else may make it anew. A file that was made anew, or that
an earlier boot wrote (its last pages may never have reached the disk), does not know what was used
before: it says since when it does (`born`). Never shrinks a file that somebody maps.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import mmap
import os
import secrets
import struct
import time
from pathlib import Path

from msgspec import Struct

from yett.state.errors import StateError

MAGIC = b"yettonce"
HEADER_BYTES = 4096
SLOTS = 64
DIGEST_BYTES = 16
TIME_BYTES = 8
BUCKET_BYTES = SLOTS * (DIGEST_BYTES + TIME_BYTES)
# Twice the places that were asked for, because buckets fill unevenly: with half of all places taken
# one bucket in 5 million has none left. Of 8192 the first was full at 55 % (measured).
SPARE = 2
MAX_WAIT_SECONDS = 1.0
PAUSE_SECONDS = 0.005
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_HEADER = struct.Struct("<8sQ32s16sd")
_LOG = logging.getLogger("yett.state")


class Table(Struct, frozen=True):
    """A mapped file.

    Args:
        handle: its open file; closing it gives up the shared lock.
        pages: what is mapped.
        key: of the digests, so that nobody outside can choose the bucket of what it uses.
        buckets: how many.
        born: unix seconds since when it knows what was used, 0 when since ever.
    """

    handle: int
    pages: mmap.mmap
    key: bytes
    buckets: int
    born: float


def buckets_for(most: int) -> int:
    """How many buckets hold `most` entries at once."""
    return -(-most * SPARE // SLOTS)


def open_table(path: Path, most: int, now: float) -> Table:
    """Open the file, or make it where there is none or it has another size and nobody uses it.

    Args:
        path: the file; its folder is made.
        most: entries that it must be able to hold.
        now: unix seconds.

    Raises:
        StateError: it cannot be made or locked, or others may write to it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StateError(f"cannot be used: {error.strerror}", path=str(path)) from error
    try:
        return _open(path, handle, buckets_for(most), now)
    except BaseException as error:
        os.close(handle)
        if isinstance(error, OSError):
            raise StateError(f"cannot be used: {error.strerror}", path=str(path)) from error
        raise


def _open(path: Path, handle: int, buckets: int, now: float) -> Table:
    if os.fstat(handle).st_mode & 0o077:
        raise StateError("others may use this file", path=str(path), hint=f"chmod 600 {path}")
    _share(path, handle, buckets, now)
    found = _read_header(handle)
    if found is None:
        raise StateError("is damaged", path=str(path), hint="stop every process and delete it")
    count, key, _, born = found
    pages = mmap.mmap(handle, HEADER_BYTES + count * BUCKET_BYTES)
    return Table(handle, pages, key, count, born)


def _share(path: Path, handle: int, buckets: int, now: float) -> None:
    """Hold the file together with others, after putting it in order where there are none."""
    give_up = time.monotonic() + MAX_WAIT_SECONDS
    while time.monotonic() < give_up:
        if _flock(handle, fcntl.LOCK_EX):
            _put_in_order(path, handle, buckets, now)
        # Not atomic from exclusive to shared (flock(2)): who comes between finds all in order.
        if _flock(handle, fcntl.LOCK_SH):
            return
        time.sleep(PAUSE_SECONDS)
    raise StateError("another process does not let go of this file", path=str(path))


def _put_in_order(path: Path, handle: int, buckets: int, now: float) -> None:
    boot = _boot()
    found = _read_header(handle)
    if found is None or found[0] != buckets:
        fresh = not os.fstat(handle).st_size
        if not fresh:
            _LOG.warning("%s: made anew; proofs made before now are refused", path)
        os.ftruncate(handle, 0)
        _fill(handle, HEADER_BYTES + buckets * BUCKET_BYTES)
        _write_header(handle, buckets, secrets.token_bytes(32), boot, 0.0 if fresh else now)
    elif found[2] != boot:
        _write_header(handle, buckets, found[1], boot, now)


def _fill(handle: int, size: int) -> None:
    """Write every page before it is mapped.

    On a full disk this fails, where writing to a hole would kill the process (SIGBUS, mmap(2)).
    """
    zeros = bytes(1 << 20)
    for at in range(0, size, len(zeros)):
        piece = zeros[: size - at]
        if os.pwrite(handle, piece, at) < len(piece):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read_header(handle: int) -> tuple[int, bytes, bytes, float] | None:
    """Return buckets, key, boot and birth; None when this is no such file, or a part of one."""
    raw = os.pread(handle, _HEADER.size, 0)
    if len(raw) < _HEADER.size:
        return None
    magic, buckets, key, boot, born = _HEADER.unpack(raw)
    whole = os.fstat(handle).st_size == HEADER_BYTES + buckets * BUCKET_BYTES
    return (buckets, key, boot, born) if magic == MAGIC and buckets and whole else None


def _write_header(handle: int, buckets: int, key: bytes, boot: bytes, born: float) -> None:
    os.pwrite(handle, _HEADER.pack(MAGIC, buckets, key, boot, born), 0)
    os.fsync(handle)


def _flock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _boot() -> bytes:
    """Name this boot of the machine; always the same where the system does not say."""
    try:
        return bytes.fromhex(BOOT_ID.read_text().strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)
