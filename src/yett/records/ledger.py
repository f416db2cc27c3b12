"""The ledger: an append-only history whose records hang together by hashes.

`Ledger` is the seam: what the recorder needs of one. `ChainLedger` keeps a SHA-256 chain in JSONL
segments; a Merkle tree over the same lines may take its place (leaf = the exact bytes of a line).
One fsync per batch; a batch is in the ledger as a whole or not at all. Spec: ledger.md s3-6.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self

from msgspec import Struct

from yett.records import recovery, segment
from yett.records.encode import event_json
from yett.records.errors import NotWrittenError
from yett.records.line import FORMAT, GENESIS, Header, header_line, record_body, seal
from yett.records.lock import lock
from yett.records.report import Report
from yett.records.verify import verify
from yett.terms import Event

SEGMENT_BYTES = 64 * 1024 * 1024
# Workers remembered across segments. One is forgotten when this many others wrote after it; it
# would have to hold an unacknowledged batch all that time to be written twice.
MAX_WORKERS = 4096


class Entry(Struct, frozen=True):
    """An event with its sender: worker, the worker's sequence, the event."""

    worker: str
    sequence: int
    event: Event


class Head(Struct, frozen=True):
    """The end of the ledger: index of the last record (-1 when empty) and its link, hex."""

    index: int
    link: str

    def __str__(self) -> str:
        return f"{self.index}:{self.link}"


class Ledger(Protocol):
    """What the recorder needs: append durably, know the head, verify, know what it has seen."""

    @property
    def head(self) -> Head:
        """The last durable record."""

    @property
    def torn(self) -> int:
        """Bytes that recovery cut away when this ledger was opened."""

    def append(self, entries: Sequence[Entry]) -> int:
        """Write entries, fsync once, return the index of the last.

        Raises:
            NotWrittenError: when nothing was written; the same entries may be given again.
        """

    def last_sequence(self, worker: str) -> int:
        """Sequence of the last record of a worker, 0 when it has none."""

    def verify(self) -> Report:
        """Verify the whole ledger from its files."""

    def close(self) -> None:
        """Release the folder."""


class ChainLedger:
    """A ledger as a hash chain over JSONL segments in one folder.

    Args:
        folder: made when absent, mode 0700.
        segment_bytes: a segment that has reached this size is followed by a new one.
        clock: unix seconds, for segment headers.

    Raises:
        LedgerError: when the folder is unsafe, in use, or its last segment does not verify.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        segment.prepare_folder(folder)
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._clock = clock
        self._lock = lock(folder)
        self._dirty = False
        try:
            found = recovery.find(folder)
        except BaseException:
            os.close(self._lock)
            raise
        self._adopt(found)

    def _adopt(self, found: recovery.Found | None) -> None:
        self._fd = found.fd if found else -1
        self._size = found.size if found else 0
        self._first = found.header.first if found else 0
        self._next = found.next if found else 0
        self._link = found.head if found else GENESIS
        self._head = found.record if found else GENESIS
        self._id = found.header.id if found else secrets.token_hex(16)
        self._workers = found.workers if found else {}
        self.torn = found.torn if found else 0

    @property
    def head(self) -> Head:
        """The last durable record."""
        return Head(self._next - 1, self._head.hex())

    def last_sequence(self, worker: str) -> int:
        """Sequence of the last record of a worker, 0 when it has none."""
        return self._workers.get(worker, 0)

    def append(self, entries: Sequence[Entry]) -> int:
        """Write entries, fsync once, return the index of the last; see `Ledger.append`."""
        try:
            self._restore()
            if self._fd < 0 or (self._size >= self._segment_bytes and self._next > self._first):
                self._rotate()
            after, data = self._chain(entries)
            self._dirty = True
            segment.write_all(self._fd, data)
            os.fdatasync(self._fd)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._restore()
            reason = (error.strerror or str(error)).lower()
            raise NotWrittenError(f"cannot be written: {reason}", path=str(self.folder)) from error
        self._dirty = False
        self._link = self._head = after
        self._size += len(data)
        self._next += len(entries)
        for worker, sequence in {entry.worker: entry.sequence for entry in entries}.items():
            # Taken out first, so that the order of the mapping is by last use.
            self._workers.pop(worker, None)
            self._workers[worker] = sequence
        return self._next - 1

    def verify(self) -> Report:
        """Verify the whole ledger from its files."""
        return verify(self.folder)

    def close(self) -> None:
        """Release the folder; everything appended is already on the disk."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _chain(self, entries: Sequence[Entry]) -> tuple[bytes, bytes]:
        previous = self._link
        written = []
        for index, entry in enumerate(entries, self._next):
            event = event_json(entry.event)
            body = record_body(index, entry.worker.encode("ascii"), entry.sequence, event)
            previous, line = seal(previous, body)
            written.append(line)
        return previous, b"".join(written)

    def _restore(self) -> None:
        """Cut what a failed batch left; after a failed fsync its pages are not to be trusted."""
        if self._dirty:
            os.ftruncate(self._fd, self._size)
            self._dirty = False

    def _rotate(self) -> None:
        recent = dict(list(self._workers.items())[-MAX_WORKERS:])
        after, data = header_line(
            Header(
                ledger=FORMAT,
                id=self._id,
                first=self._next,
                time=self._clock(),
                p=self._link.hex(),
                workers=recent,
            )
        )
        fd = segment.create_segment(segment.segment_path(self.folder, self._next), data)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._size, self._first = fd, len(data), self._next
        self._link, self._workers = after, recent
