"""Searching the ledger: newest first or oldest first, streaming, with bounded memory.

A filter is turned into byte needles that a line must contain before it is decoded: our encoder has
one spelling for a value, so a needle never misses. Reads only, verifies nothing (`verify` does);
lines that are no records are counted, not hidden. Sources: docs/spec/ledger.md s3.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from yett.records import segment
from yett.records.line import Header, Record, read_record

FOLLOW_SECONDS = 0.25
# A segment is left out by time only when it ended this long before: clocks are set back at times.
CLOCK_SLACK_SECONDS = 3600.0


class Filter(Struct, frozen=True, kw_only=True):
    """What to look for; an empty value is no condition.

    Args:
        since: unix seconds, inclusive.
        until: unix seconds, exclusive.
        principal, operation, code, verdict, source, request, kind: exact values.
        status: the status sent to the client, 0 for any.
        observed: whether some rule in mode `observe` would have refused; `code` is then one of
            those that it would have refused with.
        resource: a record of the service that the request was about, such as `Booking::"3"`.
    """

    since: float = 0.0
    until: float = float("inf")
    principal: str = ""
    operation: str = ""
    code: str = ""
    verdict: str = ""
    source: str = ""
    request: str = ""
    kind: str = ""
    status: int = 0
    observed: bool = False
    resource: str = ""


# A segment and an offset in it; None when there is no segment yet.
Place = tuple[Path | None, int]

EXACT = ("principal", "operation", "code", "verdict", "source", "request", "kind")


class Search:
    """A search over one ledger.

    Args:
        folder: the ledger.
        wanted: the filter.

    Attributes:
        found: records given so far.
        unreadable: lines met that are no records; a verification will name them.
    """

    def __init__(self, folder: Path, wanted: Filter) -> None:
        self.found = 0
        self.unreadable = 0
        self._folder = folder
        self._wanted = wanted
        self._needles = _needles(wanted)

    def newest(self) -> Iterator[Record]:
        """Give records from the newest back.

        Raises:
            LedgerError: when the folder or a segment cannot be read.
        """
        for path in reversed(segment.segments(self._folder)):
            header = segment.peek_header(path)
            yield from self._scan(path, segment.lines_backwards)
            # What was written before this segment began had happened before it, too.
            if header and self._before(header):
                return

    def oldest(self) -> Iterator[Record]:
        """Give records from the oldest on; raises as `newest`."""
        paths = segment.segments(self._folder)
        for at, path in enumerate(paths):
            if self._wanted.since and at + 1 < len(paths):
                after = segment.peek_header(paths[at + 1])
                if after and self._before(after):
                    continue
            yield from self._scan(path, _forwards)

    def _before(self, header: Header) -> bool:
        return header.time < self._wanted.since - CLOCK_SLACK_SECONDS

    def follow(
        self, place: Place | None = None, *, pause: Callable[[float], None] = time.sleep
    ) -> Iterator[Record]:
        """Give records as they are written, without an end; raises as `newest`.

        Args:
            place: where to begin, from `end`; now, when None.
            pause: sleeps for some seconds.
        """
        path, offset = place or self.end()
        while True:
            if path is not None:
                offset, found = self._more(path, offset)
                yield from found
                if found:
                    continue
            after = self._after(path)
            if after is not None:
                path, offset = after, 0
                continue
            pause(FOLLOW_SECONDS)

    def end(self) -> Place:
        """Return the place where the ledger ends now."""
        paths = segment.segments(self._folder)
        if not paths:
            return None, 0
        return paths[-1], _whole_bytes(paths[-1])

    def _after(self, path: Path | None) -> Path | None:
        later = [p for p in segment.segments(self._folder) if path is None or p > path]
        return later[0] if later else None

    def _more(self, path: Path, offset: int) -> tuple[int, list[Record]]:
        fd = segment.open_segment(path)
        found = []
        try:
            for raw in segment.lines(fd, offset):
                if not raw.endswith(b"\n"):
                    break
                offset += len(raw)
                record = self._match(raw[:-1])
                if record:
                    found.append(record)
        finally:
            os.close(fd)
        return offset, found

    def _scan(self, path: Path, read: Callable[[int], Iterator[bytes]]) -> Iterator[Record]:
        fd = segment.open_segment(path)
        try:
            for line in read(fd):
                record = self._match(line)
                if record:
                    yield record
        finally:
            os.close(fd)

    def _match(self, line: bytes) -> Record | None:
        if not all(needle in line for needle in self._needles):
            return None
        record = read_record(line)
        if record is None:
            self.unreadable += not line.startswith(b'{"ledger":')
            return None
        if not matches(record, self._wanted):
            return None
        self.found += 1
        return record


def find(folder: Path, index: int) -> Record | None:
    """Return the record with this index, None when there is none; raises as `Search.newest`."""
    begins = [p for p in segment.segments(folder) if segment.first_index(p) <= index]
    if not begins:
        return None
    prefix = b'{"i":%d,' % index
    fd = segment.open_segment(begins[-1])
    try:
        return next((read_record(line) for line in _forwards(fd) if line.startswith(prefix)), None)
    finally:
        os.close(fd)


def matches(record: Record, wanted: Filter) -> bool:
    """Whether a record satisfies every condition of a filter."""
    event = record.e
    if not wanted.since <= event.time < wanted.until:
        return False
    if wanted.status and event.status != wanted.status:
        return False
    if wanted.observed and not (wanted.code in event.observed if wanted.code else event.observed):
        return False
    if wanted.resource and wanted.resource not in event.resources:
        return False
    return all(getattr(event, name) == getattr(wanted, name) for name in _exact(wanted))


def _exact(wanted: Filter) -> list[str]:
    """Name the fields that must have the value of the filter."""
    return [n for n in EXACT if getattr(wanted, n) and not (n == "code" and wanted.observed)]


def _needles(wanted: Filter) -> list[bytes]:
    found = [
        b'"%b":%b' % (name.encode(), msgspec.json.encode(getattr(wanted, name)))
        for name in _exact(wanted)
        # A default is not written out, so it cannot be looked for.
        if not (name == "kind" and wanted.kind == "request")
    ]
    if wanted.observed:
        found += [b'"observed":[', msgspec.json.encode(wanted.code) if wanted.code else b""]
    if wanted.resource:
        found += [b'"resources":[', msgspec.json.encode(wanted.resource)]
    if wanted.status:
        found.append(b'"status":%d' % wanted.status)
    return found


def _forwards(fd: int) -> Iterator[bytes]:
    return (raw[:-1] for raw in segment.lines(fd) if raw.endswith(b"\n"))


def _whole_bytes(path: Path) -> int:
    """Return how many bytes of a segment are whole lines."""
    fd = segment.open_segment(path)
    try:
        end = os.fstat(fd).st_size
        tail = os.pread(fd, segment.READ_BYTES, max(0, end - segment.READ_BYTES))
        return end - (len(tail) - tail.rfind(b"\n") - 1) if b"\n" in tail else 0
    finally:
        os.close(fd)
