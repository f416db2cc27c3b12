from __future__ import annotations

from yett.records.errors import LedgerError, NotWrittenError


def test_says_file_and_line():
    """A named error leads with its place, so that an editor can jump there."""
    assert str(LedgerError("is broken", path="a.jsonl", line=3)) == "a.jsonl:3: is broken"
    assert str(LedgerError("is broken", path="a.jsonl")) == "a.jsonl: is broken"
    assert str(LedgerError("is broken")) == "is broken"


def test_not_written_is_a_ledger_error():
    """Whoever handles a broken ledger also handles a full disk."""
    assert issubclass(NotWrittenError, LedgerError)
