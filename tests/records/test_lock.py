from __future__ import annotations

import os

import pytest

from yett.records import lock
from yett.records.errors import LedgerError


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(lock, "_PATIENCE_SECONDS", 0.05)


def test_second_writer_is_refused_by_name(tmp_path):
    """Two writers never share a folder; the refusal names the process that has it."""
    held = lock.lock(tmp_path)
    with pytest.raises(LedgerError, match=f"process {os.getpid()} already writes") as caught:
        lock.lock(tmp_path)
    assert "store.ledger" in caught.value.hint
    os.close(held)
    os.close(lock.lock(tmp_path))


def test_written_tells_whether_somebody_writes(tmp_path):
    """A reader can tell a torn tail from a write under way, and does not take the lock itself."""
    assert not lock.written(tmp_path)
    held = lock.lock(tmp_path)
    assert lock.written(tmp_path)
    os.close(held)
    assert not lock.written(tmp_path)


def test_lock_file_is_no_link(tmp_path):
    """A lock that is a symbolic link is refused: it would let another file be cut (CWE-59)."""
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(LedgerError):
        lock.lock(tmp_path)
    assert (tmp_path / "victim").read_text() == "precious"
