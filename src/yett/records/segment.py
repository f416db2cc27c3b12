"""Segments: the ledger's files, named by the index of their first record.

Finding them, reading their lines in either direction with bounded memory, and creating one so that
a crash leaves either no file or a file with a whole header. Never writes a record. Spec: ledger.md
s2.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from yett.records.errors import LedgerError
from yett.records.line import MAX_HEADER_BYTES, MAX_LINE_BYTES, Header, read_header

SEGMENT_MODE = 0o600
FOLDER_MODE = 0o700
READ_BYTES = 256 * 1024

_NAME = re.compile(r"[0-9]{20}\.jsonl\Z")
_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC


def segment_path(folder: Path, first: int) -> Path:
    """Return where the segment that begins with record `first` lies."""
    return folder / f"{first:020d}.jsonl"


def first_index(path: Path) -> int:
    """Return the index in a segment's name."""
    return int(path.stem)


def segments(folder: Path) -> list[Path]:
    """List the segments in order.

    Raises:
        LedgerError: when the folder is absent or may not be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if _NAME.match(path.name))
    except FileNotFoundError:
        raise LedgerError(
            "there is no such folder",
            path=str(folder),
            hint="`yett serve` makes it; `-C DIR` names the contract folder",
        ) from None
    except OSError as error:
        raise unusable(error, folder) from error
    return found


def unusable(error: OSError, path: Path) -> LedgerError:
    """Name what the system refused."""
    reason = (error.strerror or str(error)).lower()
    hint = "run as the user that owns the ledger" if isinstance(error, PermissionError) else ""
    return LedgerError(f"cannot be used: {reason}", path=str(path), hint=hint)


def prepare_folder(folder: Path) -> None:
    """Make the folder, private; refuse one that others may write to (CWE-732).

    Raises:
        LedgerError: when it cannot be made or is not safe.
    """
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise unusable(error, folder) from error
    if found.st_uid not in (os.geteuid(), 0):
        raise LedgerError(
            "the folder belongs to another user", path=str(folder), hint="choose a folder of yours"
        )
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise LedgerError(
            "the folder can be written by others", path=str(folder), hint=f"chmod go-w {folder}"
        )


def open_segment(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a segment, never through a symbolic link (CWE-59).

    Raises:
        LedgerError: when the system refuses.
    """
    try:
        return os.open(path, flags | _OPEN)
    except OSError as error:
        raise unusable(error, path) from error


def create_segment(path: Path, header: bytes) -> int:
    """Create a segment with its header on the disk and return it opened for appending.

    Raises:
        OSError: when it cannot be made durable; then there is no such segment.
    """
    fresh = path.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    fd = os.open(fresh, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | _OPEN, SEGMENT_MODE)
    try:
        write_all(fd, header)
        os.fsync(fd)
        # The name appears only when the header is whole: a crash leaves no half segment.
        fresh.rename(path)
        sync_folder(path.parent)
    except OSError:
        os.close(fd)
        raise
    return fd


def write_all(fd: int, data: bytes) -> None:
    """Write every byte; a full disk may take only some of them (write(2)).

    Raises:
        OSError: after which an unknown part has been written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_folder(folder: Path) -> None:
    """Make a new name durable: fsync of a file says nothing of its folder (fsync(2))."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def size(path: Path) -> int:
    """Return the bytes of a segment.

    Raises:
        LedgerError: when the system refuses.
    """
    try:
        return path.stat(follow_symlinks=False).st_size
    except OSError as error:
        raise unusable(error, path) from error


def peek_header(path: Path) -> Header | None:
    """Read a segment's header without its link being checked; None when there is none."""
    fd = open_segment(path)
    try:
        head = os.pread(fd, MAX_HEADER_BYTES, 0)
    finally:
        os.close(fd)
    line, feed, _ = head.partition(b"\n")
    return read_header(line) if feed else None


def lines(fd: int, start: int = 0) -> Iterator[bytes]:
    """Read lines from an offset on, each with its line feed; the last one may lack it.

    A piece longer than a line may be is given as it is: no caller takes it for a record.
    """
    held = b""
    offset = start
    while data := os.pread(fd, READ_BYTES, offset):
        offset += len(data)
        pieces = (held + data).split(b"\n")
        held = pieces.pop()
        for piece in pieces:
            yield piece + b"\n"
        if len(held) > MAX_HEADER_BYTES:
            yield held
            held = b""
    if held:
        yield held


def lines_backwards(fd: int) -> Iterator[bytes]:
    """Read whole lines from the end, without line feeds; what follows the last feed is left out."""
    offset = os.fstat(fd).st_size
    held = b""
    ended = False
    while offset:
        size = min(READ_BYTES, offset)
        offset -= size
        pieces = (os.pread(fd, size, offset) + held).split(b"\n")
        if not ended and len(pieces) > 1:
            pieces.pop()
            ended = True
        held = pieces[0] if len(pieces[0]) <= MAX_HEADER_BYTES else b""
        yield from reversed(pieces[1:])
    if ended:
        yield held


def last_line(path: Path) -> bytes:
    """Return the last whole line of a segment without its line feed, empty when there is none."""
    fd = open_segment(path)
    try:
        return next(lines_backwards(fd), b"")
    finally:
        os.close(fd)


assert MAX_LINE_BYTES < MAX_HEADER_BYTES
