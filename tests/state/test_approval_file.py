"""The file of approvals: private, ours, whole transactions."""

from __future__ import annotations

import os
import sqlite3
import stat

import pytest

from yett.state.approval_file import VERSION, check_private, opened, prepare
from yett.state.errors import StateError

INSERT = (
    "INSERT INTO approvals (id, digest, text, shown, operation, subject, requester, needed,"
    " created, expires, state, entity, salt, seal)"
    " VALUES ('i', '', '', '', '', '', '', 1, 1, 1, 'pending', '', x'', x'')"
)


def test_it_is_made_private_with_its_folder(tmp_path):
    """Whatever the umask: 0600 in a folder of 0700, journal included."""
    path = tmp_path / "new" / "approvals.db"
    before = os.umask(0)
    try:
        prepare(path)
        with opened(path) as store:
            store.execute("DELETE FROM approvals")
            files = list(path.parent.iterdir())
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_preparing_again_keeps_what_is_there(tmp_path):
    """Every start of the gate goes on with the same approvals."""
    path = tmp_path / "a.db"
    prepare(path)
    with opened(path) as store:
        store.execute(INSERT)
    prepare(path)
    with opened(path) as store:
        assert store.execute("PRAGMA user_version").fetchone()[0] == VERSION
        assert store.execute("SELECT id FROM approvals").fetchone()[0] == "i"


def test_a_file_from_before_signatures_goes_on(tmp_path):
    """What waits is kept; votes from then have no evidence."""
    path = tmp_path / "a.db"
    prepare(path)
    with opened(path) as store:
        store.execute(INSERT)
        store.execute("ALTER TABLE votes DROP COLUMN evidence")
        store.execute("INSERT INTO votes (approval, voter, approve, time) VALUES ('i', '', 1, 1)")
        store.execute("PRAGMA user_version = 1")
    for _ in range(2):
        prepare(path)
    with opened(path) as store:
        assert store.execute("SELECT evidence FROM votes").fetchone()[0] == ""
        assert store.execute("PRAGMA user_version").fetchone()[0] == VERSION


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o666])
def test_a_file_of_others_is_refused(tmp_path, mode):
    """Readable by others: bodies leak. Writable: votes can be put in."""
    path = tmp_path / "a.db"
    prepare(path)
    path.chmod(mode)
    for use in (prepare, check_private):
        with pytest.raises(StateError) as caught:
            use(path)
        assert caught.value.hint == f"chmod 600 {path}"


def test_links_and_folders_are_refused(tmp_path):
    """A link could lead the gate into a file of somebody else's choice."""
    (tmp_path / "real.db").touch(mode=0o600)
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    (tmp_path / "folder.db").mkdir()
    for name in ("link.db", "folder.db"):
        with pytest.raises(StateError):
            prepare(tmp_path / name)
    with pytest.raises(StateError, match="no regular file"):
        check_private(tmp_path / "link.db")
    with pytest.raises(StateError, match="cannot be found"):
        check_private(tmp_path / "none.db")


@pytest.mark.parametrize("content", [b"hello", b"SQLite format 3\0" + b"\xff" * 200])
def test_a_file_that_is_something_else_is_refused(tmp_path, content):
    """What yett did not write is not written into."""
    path = tmp_path / "a.db"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StateError, match="is no file of approvals"):
        prepare(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("statement", ["CREATE TABLE mine (x)", "PRAGMA user_version = 7"])
def test_another_database_is_refused(tmp_path, statement):
    """A database with another content or version is told apart, not migrated blindly."""
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as store:
        store.execute(statement)
    store.close()
    path.chmod(0o600)
    with pytest.raises(StateError, match="has version"):
        prepare(path)


def test_a_failure_inside_changes_nothing(tmp_path):
    """A transaction is whole or not at all."""
    path = tmp_path / "a.db"
    prepare(path)

    def fail():
        with opened(path) as store:
            store.execute(INSERT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with opened(path) as store:
        assert store.execute("SELECT count(*) FROM approvals").fetchone()[0] == 0


def test_what_is_used_up_is_on_disk(tmp_path):
    """Each commit is fsynced, and what is wiped is overwritten."""
    path = tmp_path / "a.db"
    prepare(path)
    with opened(path) as store:
        assert store.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert store.execute("PRAGMA secure_delete").fetchone()[0] == 1
        assert store.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_missing_file_is_not_made_in_passing(tmp_path):
    """Only `prepare` makes it, because only that makes it private."""
    with pytest.raises(StateError), opened(tmp_path / "none.db"):
        pass
    assert not (tmp_path / "none.db").exists()
