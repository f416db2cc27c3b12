from __future__ import annotations

import errno
import os

import pytest

from yett.records import segment
from yett.records.errors import LedgerError, NotWrittenError
from yett.records.ledger import MAX_WORKERS, ChainLedger, Entry, Head
from yett.records.line import GENESIS
from yett.records.segment import peek_header
from yett.terms import Event


def test_append_answers_the_last_index(tmp_path, entries):
    """Indices run from 0 without a gap, over reopenings, and the head follows."""
    folder = tmp_path / "ledger"
    with ChainLedger(folder) as ledger:
        assert ledger.head == Head(-1, GENESIS.hex())
        assert ledger.append(entries(1, 3)) == 2
        head = ledger.head
    with ChainLedger(folder) as ledger:
        assert ledger.head == head
        assert ledger.append(entries(4, 1)) == 3
        assert ledger.verify().head == str(ledger.head)


def test_files_are_private(filled):
    """The folder is for its owner alone, and so is each file in it."""
    assert filled.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in filled.iterdir()} == {0o600}


def test_rotation_keeps_the_chain(filled):
    """Segments follow on each other; the whole verifies across them."""
    paths = segment.segments(filled)
    assert len(paths) > 3
    with ChainLedger(filled) as ledger:
        report = ledger.verify()
    assert (report.ok, report.records, report.segments) == (True, 200, len(paths))


def test_sequences_are_remembered_across_segments(filled):
    """What a worker sent last is known after a reopening, also from a segment long closed."""
    with ChainLedger(filled, segment_bytes=1_000) as ledger:
        ledger.append([Entry("late", 5, e.event) for e in [_entry()]])
        for n in range(5):
            ledger.append([Entry("other", n + 1, _entry().event)] * 1)
        assert (ledger.last_sequence("w0"), ledger.last_sequence("late")) == (200, 5)
    with ChainLedger(filled) as ledger:
        assert (ledger.last_sequence("w0"), ledger.last_sequence("late")) == (200, 5)
        assert ledger.last_sequence("unknown") == 0


def _entry():
    return Entry("x", 1, Event(time=1.0, request="r"))


def test_remembered_workers_are_bounded(tmp_path):
    """Of very many workers the least recently used are forgotten, the header stays bounded."""
    folder = tmp_path / "ledger"
    event = _entry().event
    with ChainLedger(folder, segment_bytes=1) as ledger:
        ledger.append([Entry(f"w{n}", 1, event) for n in range(MAX_WORKERS + 10)])
        ledger.append([Entry("w0", 2, event)])
        ledger.append([Entry("w0", 3, event)])
    header = peek_header(segment.segments(folder)[-1])
    assert len(header.workers) == MAX_WORKERS
    assert "w0" in header.workers
    assert "w10" not in header.workers


class Disk:
    """Makes writes fail as a full or broken disk does."""

    def __init__(self, monkeypatch, *, after: int, call: str = "write", code: int = errno.ENOSPC):
        self.left, self.code = after, code
        self.real = getattr(os, call)
        monkeypatch.setattr(os, call, self.write if call == "write" else self.fail)

    def write(self, fd, data):
        if self.left <= 0:
            raise OSError(self.code, os.strerror(self.code))
        taken = self.real(fd, data[: self.left])
        self.left -= taken
        return taken

    def fail(self, fd):
        if self.left <= 0:
            raise OSError(self.code, os.strerror(self.code))
        self.left -= 1
        return self.real(fd)


@pytest.mark.parametrize("after", [0, 1, 100, 1_000])
def test_full_disk_leaves_nothing_of_a_batch(tmp_path, entries, monkeypatch, after):
    """A batch that does not fit is not in the ledger at all, and may be given again."""
    folder = tmp_path / "ledger"
    with ChainLedger(folder) as ledger:
        ledger.append(entries(1, 5))
        head = ledger.head
        with monkeypatch.context() as patch:
            Disk(patch, after=after)
            with pytest.raises(NotWrittenError, match="no space left"):
                ledger.append(entries(6, 20))
        assert ledger.head == head
        assert ledger.verify().ok
        assert ledger.append(entries(6, 20)) == 24
        assert ledger.verify().records == 25


def test_failed_fsync_acknowledges_nothing(tmp_path, entries, monkeypatch):
    """After a failed fsync the batch counts as not written and is written anew."""
    with ChainLedger(tmp_path / "ledger") as ledger:
        ledger.append(entries(1, 1))
        with monkeypatch.context() as patch:
            Disk(patch, after=0, call="fdatasync", code=errno.EIO)
            with pytest.raises(NotWrittenError):
                ledger.append(entries(2, 1))
        assert ledger.append(entries(2, 1)) == 1
        assert ledger.verify().ok


def test_full_disk_at_a_rotation(tmp_path, entries, monkeypatch):
    """A new segment that cannot be made leaves the old one as it was."""
    with ChainLedger(tmp_path / "ledger", segment_bytes=1) as ledger:
        ledger.append(entries(1, 1))
        with monkeypatch.context() as patch:
            Disk(patch, after=10)
            with pytest.raises(NotWrittenError):
                ledger.append(entries(2, 1))
        assert ledger.append(entries(2, 1)) == 1
        assert ledger.verify().ok


def test_one_fsync_for_a_batch(tmp_path, entries, monkeypatch):
    """A batch costs one fsync, however many records it has."""
    with ChainLedger(tmp_path / "ledger") as ledger:
        ledger.append(entries(1, 1))
        calls = []
        real = os.fdatasync
        monkeypatch.setattr(os, "fdatasync", lambda fd: (calls.append(fd), real(fd)))
        ledger.append(entries(2, 500))
    assert len(calls) == 1


def test_two_ledgers_on_one_folder(tmp_path):
    """A folder has one writer, also within a process."""
    with ChainLedger(tmp_path / "ledger"), pytest.raises(LedgerError, match="already writes"):
        ChainLedger(tmp_path / "ledger")


def test_folder_in_place_of_a_file(tmp_path):
    """A path that cannot be a folder is a named error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be used"):
        ChainLedger(tmp_path / "file")


def test_refused_opening_releases_the_folder(filled):
    """A ledger that does not verify is not locked for good by the attempt to open it."""
    last = segment.segments(filled)[-1]
    good = last.read_bytes()
    last.write_bytes(good.replace(b"user-", b"root-", 1))
    with pytest.raises(LedgerError):
        ChainLedger(filled)
    last.write_bytes(good)
    ChainLedger(filled).close()
