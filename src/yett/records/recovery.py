"""Opening a ledger after whatever happened to it: where to go on, or a refusal to go on.

A crash can leave bytes behind the last durable record. They were never acknowledged; they are kept
beside the segment and cut away. A whole record that does not fit the chain is no crash: nothing is
cut, nothing is appended, the place is named. Spec: ledger.md s6.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from yett.records import segment
from yett.records.errors import LedgerError
from yett.records.line import Header, link, read_header, read_record, unseal


class Found(Struct):
    """Where a ledger stands.

    Args:
        fd: the last segment, opened for appending.
        path: its path.
        header: its header.
        next: index the next record gets.
        head: link of the last line, `record` that of the last record (a header has one too).
        size: bytes of the segment that are whole.
        workers: last sequence of each worker.
        torn: bytes that were cut away, 0 after a clean stop.
    """

    fd: int
    path: Path
    header: Header
    next: int
    head: bytes
    record: bytes
    size: int
    workers: dict[str, int]
    torn: int = 0


def find(folder: Path) -> Found | None:
    """Verify the last segment and its joint to the one before, cut a torn tail; None when empty.

    Raises:
        LedgerError: when a whole record does not fit the chain.
    """
    paths = segment.segments(folder)
    if not paths:
        return None
    path = paths[-1]
    fd = segment.open_segment(path, os.O_RDWR | os.O_APPEND)
    try:
        found = _walk(fd, path)
        if len(paths) > 1:
            _check_joint(found, paths[-2])
        size = os.fstat(fd).st_size
        if size > found.size:
            _cut(found, size)
    except BaseException:
        os.close(fd)
        raise
    return found


def _walk(fd: int, path: Path) -> Found:
    source = segment.lines(fd)
    found = _begin(fd, path, next(source, b""))
    for raw in source:
        if not raw.endswith(b"\n") or not _follow(found, raw[:-1]):
            break
        found.size += len(raw)
    else:
        return found
    _refuse_unless_torn(fd, found)
    return found


def _begin(fd: int, path: Path, raw: bytes) -> Found:
    parts = unseal(raw[:-1]) if raw.endswith(b"\n") else None
    header = read_header(raw[:-1])
    if parts is None or header is None or link(bytes.fromhex(header.p), parts[0]) != parts[1]:
        raise LedgerError(
            "the header of this segment is damaged", path=str(path), line=1, hint=_HINT
        )
    if header.first != segment.first_index(path):
        raise LedgerError(
            f"this segment begins with record {header.first}, not as its name says",
            path=str(path),
            line=1,
            hint=_HINT,
        )
    before = bytes.fromhex(header.p)
    workers = dict(header.workers)
    return Found(fd, path, header, header.first, parts[1], before, len(raw), workers)


def _follow(found: Found, line: bytes) -> bool:
    parts = unseal(line)
    if parts is None or link(found.head, parts[0]) != parts[1]:
        return False
    record = read_record(line)
    if record is None or record.i != found.next:
        return False
    found.next += 1
    found.head = found.record = parts[1]
    # Re-inserted, so that the order is by last use.
    found.workers.pop(record.w, None)
    found.workers[record.w] = record.s
    return True


def _refuse_unless_torn(fd: int, found: Found) -> None:
    """Tell a torn write from a changed record: behind a torn write no whole record stands."""
    for raw in segment.lines(fd, found.size):
        if raw.endswith(b"\n") and read_record(raw[:-1]) is not None:
            raise LedgerError(
                f"record {found.next} is changed, missing or out of order",
                path=str(found.path),
                line=found.next - found.header.first + 2,
                hint=_HINT,
            )


def _check_joint(found: Found, before: Path) -> None:
    parts = unseal(segment.last_line(before))
    if parts is None or parts[1].hex() != found.header.p:
        raise LedgerError(
            f"the end of `{before.name}` does not lead to this segment",
            path=str(found.path),
            line=1,
            hint=_HINT,
        )


def _cut(found: Found, size: int) -> None:
    torn = os.pread(found.fd, size - found.size, found.size)
    kept = found.path.with_name(f"{found.path.stem}.{found.size}.torn")
    try:
        fd = os.open(
            kept,
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC,
            segment.SEGMENT_MODE,
        )
        try:
            segment.write_all(fd, torn)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.ftruncate(found.fd, found.size)
        os.fsync(found.fd)
        segment.sync_folder(found.path.parent)
    except OSError as error:
        raise segment.unusable(error, kept) from error
    found.torn = len(torn)


_HINT = "`yett audit verify` says what is wrong; to go on, move the folder aside and keep it"
