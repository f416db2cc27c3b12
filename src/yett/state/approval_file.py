"""The file of approvals: SQLite, private, one connection for each question.

A connection is never kept: workers are forked and questions come from threads, and SQLite forbids
both to share one. Opening costs a millisecond, which nobody notices who waits for other people.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from yett.state.errors import StateError

VERSION = 2
BEFORE_EVIDENCE = 1  # votes were not signed
BUSY_SECONDS = 5.0
_SCHEMA = (
    """
CREATE TABLE approvals (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  text TEXT NOT NULL,
  shown TEXT NOT NULL,
  operation TEXT NOT NULL,
  subject TEXT NOT NULL,
  requester TEXT NOT NULL,
  needed INTEGER NOT NULL,
  created REAL NOT NULL,
  expires REAL NOT NULL,
  state TEXT NOT NULL,
  recorded INTEGER NOT NULL DEFAULT 0,
  entity TEXT NOT NULL,
  salt BLOB NOT NULL,
  seal BLOB NOT NULL,
  finished REAL NOT NULL DEFAULT 0,
  told INTEGER NOT NULL DEFAULT 0,
  claimed REAL NOT NULL DEFAULT 0
)""",
    """
CREATE TABLE votes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  approval TEXT NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
  voter TEXT NOT NULL,
  approve INTEGER NOT NULL,
  time REAL NOT NULL,
  recorded INTEGER NOT NULL DEFAULT 0,
  evidence TEXT NOT NULL DEFAULT ''
)""",
    "CREATE INDEX requests ON approvals (digest)",
    "CREATE INDEX votes_of ON votes (approval)",
    """
CREATE VIEW open_approvals AS SELECT * FROM approvals WHERE state IN ('pending', 'approved')
""",
)


def prepare(path: Path) -> None:
    """Make the file, or see that it is ours.

    Raises:
        StateError: it cannot be made, is no such file, or others may read or write it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(path, flags, 0o600))
    except OSError as error:
        hint = "`authz.approvals` names a file that only yett writes"
        reason = (error.strerror or str(error)).lower()
        raise StateError(f"cannot be made: {reason}", path=str(path), hint=hint) from error
    check_private(path)
    try:
        with contextlib.closing(_connect(path)) as store:
            store.execute("PRAGMA journal_mode = WAL")
            with _transaction(store):
                _make_tables(store, path)
    except sqlite3.Error as error:
        raise StateError(f"is no file of approvals: {error}", path=str(path)) from error


def check_private(path: Path) -> None:
    """See that nobody else can read what is asked for, or put votes in.

    Raises:
        StateError: others can, or it is no regular file.
    """
    try:
        found = path.lstat()
    except OSError as error:
        raise StateError("cannot be found", path=str(path)) from error
    if not stat.S_ISREG(found.st_mode):
        raise StateError("is no regular file", path=str(path))
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        hint = f"chmod 600 {path}"
        raise StateError("can be read or written by others", path=str(path), hint=hint)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for one question, in one transaction that writes or does nothing.

    Raises:
        StateError: it is not there, or not private.
        sqlite3.Error: it is damaged, or busy for longer than `BUSY_SECONDS`.
    """
    check_private(path)
    with contextlib.closing(_connect(path)) as store, _transaction(store):
        yield store


def _connect(path: Path) -> sqlite3.Connection:
    # `mode=rw`: a file that was taken away is an error, not an empty one that others may read.
    uri = f"{path.resolve().as_uri()}?mode=rw"
    store = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    store.row_factory = sqlite3.Row
    store.execute("PRAGMA synchronous = FULL")  # what was used up stays so after a power cut
    store.execute("PRAGMA secure_delete = ON")  # what is wiped is overwritten
    store.execute("PRAGMA foreign_keys = ON")
    return store


@contextlib.contextmanager
def _transaction(store: sqlite3.Connection) -> Iterator[None]:
    # Immediate: a transaction that begins by reading could not be promoted beside another writer.
    store.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        store.execute("ROLLBACK")
        raise
    store.execute("COMMIT")


def _make_tables(store: sqlite3.Connection, path: Path) -> None:
    version = store.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if version == BEFORE_EVIDENCE:
        store.execute("ALTER TABLE votes ADD COLUMN evidence TEXT NOT NULL DEFAULT ''")
        store.execute(f"PRAGMA user_version = {VERSION}")
        return
    if version or store.execute("SELECT 1 FROM sqlite_master").fetchone():
        message = f"has version {version}; this yett reads version {VERSION}"
        raise StateError(message, path=str(path), hint="move it away: open approvals are lost")
    for statement in _SCHEMA:
        store.execute(statement)
    store.execute(f"PRAGMA user_version = {VERSION}")
