"""Verifying a ledger from its files alone, and naming the first record that is wrong.

Reads only, needs no recorder and no key. What a chain cannot show by itself (records cut off the
end, a rewrite of everything behind some point) is found with a remembered head. Spec: ledger.md s5.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from yett.records import segment
from yett.records.line import GENESIS, MAX_LINE_BYTES, Header, link, read_header, unseal
from yett.records.lock import written
from yett.records.report import Damage, Report, explain

_REPORT_BYTES = 4 * 1024 * 1024

Progress = Callable[[int, int], None]


def verify(
    folder: Path,
    *,
    start: int = 0,
    end: int | None = None,
    head: tuple[int, str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify the chain from record `start` to record `end` (inclusive; None is the last).

    Args:
        folder: the ledger.
        start: verification begins with the segment that holds this record, whose header is taken
            as given when it is not the ledger's first.
        end: where to stop.
        head: index and link remembered from an earlier verification; must still be there.
        progress: called now and then with bytes done and bytes in all.

    Raises:
        LedgerError: when the folder or a segment cannot be read.
    """
    return _Walk(folder, start, end, head, progress).run()


class _Walk:
    """One pass over the segments in order; each method answers with the damage it found."""

    def __init__(
        self,
        folder: Path,
        start: int,
        end: int | None,
        head: tuple[int, str] | None,
        progress: Progress | None,
    ) -> None:
        self._paths = _from(segment.segments(folder), start)
        self._live = written(folder)
        self._folder = folder
        self._whole = start == 0
        self._end = end
        self._remembered = head
        self._progress = progress
        self._total = sum(map(segment.size, self._paths))
        self._done = 0
        self._id = ""
        self._link = GENESIS
        self._record = GENESIS
        self._next = self._first = segment.first_index(self._paths[0]) if self._paths else 0
        self._segments = 0
        self._tail = 0
        self._matched = head is None

    def run(self) -> Report:
        damage = None
        for path in self._paths:
            if self._end is not None and self._next > self._end:
                break
            damage = self._segment(path, last=path is self._paths[-1])
            if damage:
                break
        if self._progress:
            self._progress(self._total, self._total)
        return Report(
            damage=damage or self._check_head(),
            records=self._next - self._first,
            segments=self._segments,
            first=self._first,
            head=f"{self._next - 1}:{self._record.hex()}",
            tail=self._tail,
        )

    def _check_head(self) -> Damage | None:
        if self._matched or self._remembered is None:
            return None
        index = self._remembered[0]
        last = str(self._paths[-1]) if self._paths else str(self._folder)
        if self._first <= index < self._next:
            return Damage("head", last, 0, index, f"record {index} is not the one remembered")
        message = f"the ledger ends with record {self._next - 1}, record {index} was remembered"
        return Damage("head", last, 0, index, message)

    def _segment(self, path: Path, *, last: bool) -> Damage | None:
        fd = segment.open_segment(path)
        try:
            source = segment.lines(fd)
            raw = next(source, b"")
            damage = self._header(path, raw)
            if damage:
                return damage
            self._segments += 1
            return self._records(path, source, len(raw), last=last)
        finally:
            os.close(fd)

    def _header(self, path: Path, raw: bytes) -> Damage | None:
        line = raw[:-1]
        parts = unseal(line) if raw.endswith(b"\n") else None
        header = read_header(line)
        if parts is None or header is None or link(bytes.fromhex(header.p), parts[0]) != parts[1]:
            return Damage("header", str(path), 1, self._next, "the segment's header is changed")
        problem = self._joint(path, header)
        if problem:
            return Damage(problem[0], str(path), 1, self._next, problem[1])
        self._id = header.id
        self._link = parts[1]
        self._record = bytes.fromhex(header.p)
        return None

    def _joint(self, path: Path, header: Header) -> tuple[str, str] | None:
        named = segment.first_index(path)
        if named != header.first:
            return "header", f"the segment begins with record {header.first}, not as its name says"
        if self._segments == 0 and self._whole and named:
            return "segment-missing", f"records 0 to {named - 1} are missing"
        if named > self._next:
            return "segment-missing", f"records {self._next} to {named - 1} are missing before it"
        if named < self._next:
            return "reordered", f"the segment before it already holds record {named}"
        if self._id and self._id != header.id:
            return "header", "the segment belongs to another ledger"
        if header.p != self._record.hex() and (self._segments or self._whole):
            return "header", "the segment does not follow on the one before it"
        return None

    def _records(
        self, path: Path, source: Iterator[bytes], size: int, *, last: bool
    ) -> Damage | None:
        sha256 = hashlib.sha256
        previous, index, done = self._link, self._next, size
        try:
            for raw in source:
                body = raw[:-73]
                digest = sha256(previous + body)
                # The whole frame of the line is compared at once; the index is part of it.
                if raw[-73:] != b',"h":"%b"}\n' % digest.hexdigest().encode() or not (
                    raw.startswith(b'{"i":%d,' % index) and len(raw) <= MAX_LINE_BYTES
                ):
                    return self._diagnose(path, raw, source, index, last=last)
                previous = digest.digest()
                if self._remembered and index == self._remembered[0]:
                    self._matched = previous.hex() == self._remembered[1]
                index += 1
                done += len(raw)
                if done >= _REPORT_BYTES:
                    self._report(done)
                    done = 0
                if self._end is not None and index > self._end:
                    break
        finally:
            if index > self._next:
                self._record = previous
            self._link, self._next = previous, index
            self._report(done)
        return None

    def _report(self, done: int) -> None:
        self._done += done
        if self._progress:
            self._progress(self._done, self._total)

    def _diagnose(
        self, path: Path, raw: bytes, rest: Iterator[bytes], index: int, *, last: bool
    ) -> Damage | None:
        line = index - segment.first_index(path) + 2
        if not raw.endswith(b"\n"):
            if last and self._live:
                self._tail = len(raw)
                return None
            message = f"record {index} is cut off in its middle"
            return Damage("truncated", str(path), line, index, message)
        kind, message = explain(raw, rest, index)
        return Damage(kind, str(path), line, index, message)


def _from(paths: list[Path], start: int) -> list[Path]:
    """Leave out the segments that lie wholly before `start`."""
    begins = [at for at, path in enumerate(paths) if segment.first_index(path) <= start]
    return paths[begins[-1] :] if begins else paths
