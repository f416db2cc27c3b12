"""What a verification says: the report, and the words for what is wrong with a record."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from yett.records.line import read_record

# How far behind a misplaced record its rightful predecessor is looked for, to say `reordered`.
_LOOK_AHEAD_LINES = 10_000


class Damage(Struct, frozen=True):
    """The first thing that is wrong.

    Args:
        kind: `changed`, `missing`, `reordered`, `truncated`, `segment-missing`, `header` or `head`.
        path: the segment.
        line: 1-based line, 0 when it is about the whole file.
        index: the record that should stand there.
        message: what is wrong, one line.
    """

    kind: str
    path: str
    line: int
    index: int
    message: str


class Report(Struct, frozen=True):
    """What a verification found.

    Args:
        damage: the first thing wrong, None when everything fits.
        records: records verified before it.
        segments: segments read.
        first: index of the first record verified.
        head: `INDEX:LINK` of the last record verified, to be remembered elsewhere.
        tail: bytes behind the last record that a running recorder has not finished writing.
    """

    damage: Damage | None
    records: int
    segments: int
    first: int
    head: str
    tail: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.damage is None


def parse_head(text: str) -> tuple[int, str] | None:
    """Read a remembered head, `INDEX:LINK` with 64 hex digits; None when it is not one."""
    index, colon, digits = text.partition(":")
    good = colon and index.isascii() and index.isdigit() and len(index) <= 20
    if not good or len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        return None
    return int(index), digits


def explain(raw: bytes, rest: Iterator[bytes], index: int) -> tuple[str, str]:
    """Say what is wrong with a line that stands where record `index` should: kind and message."""
    record = read_record(raw[:-1])
    if record is None:
        return "changed", f"record {index} is changed: it is no record any more"
    if record.i == index:
        return "changed", f"record {index} is changed"
    if record.i < index:
        return "reordered", f"record {record.i} stands where record {index} should"
    for _, later in zip(range(_LOOK_AHEAD_LINES), rest, strict=False):
        if later.startswith(b'{"i":%d,' % index):
            return "reordered", f"record {record.i} stands before record {index}"
    until = f" to {record.i - 1}" if record.i - 1 > index else ""
    return "missing", f"record {index}{until} missing before record {record.i}"
