"""Opens the store of accounts and runs transactions in it: SQLite by default, or PostgreSQL.

Every method blocks, so call it in a thread. A transaction that writes takes the one writer's place
at once (SQLite `BEGIN IMMEDIATE`), so that what it read is still so when it commits; on PostgreSQL
it is SERIALIZABLE and tried again. One that reads sees one moment of the store, writes nothing, and
stands in no writer's way. A store of a later version is refused, never guessed at.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Connection, create_engine, event, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from yett.state.accounts import tables
from yett.state.errors import StateError
from yett.state.store_url import SQLITE, sqlite_path

T = TypeVar("T")

BUSY_SECONDS = 5.0
MAX_TRIES = 20
WRITES = "yett_writes"
MAKING = int.from_bytes(b"yett:mk1")  # name of the lock of whoever makes the tables


class AccountStore:
    """The store; one per process, its connections are made when they are needed.

    Args:
        url: `sqlite:///PATH` or `postgresql://...`.
        folder: where a relative path starts.

    Raises:
        StateError: the URL cannot be used. `prepare` says whether the store can.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.path = sqlite_path(url, folder)
        if self.path is not None:
            self.engine = _sqlite(self.path)
        elif urlsplit(url).scheme == "postgresql":
            self.engine = _postgresql(url)
        else:
            raise StateError(f"`{url}` is not a store of accounts", hint="sqlite or postgresql")
        self._writer = self.engine.execution_options(**{WRITES: True})
        self._turn = threading.Lock()
        self._reader = self.engine if self.path is not None else _reading(self.engine)

    def prepare(self) -> None:
        """Make the tables, or see that they are of this version.

        Raises:
            StateError: the store cannot be reached, is damaged, or belongs to a later version.
        """
        try:
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.touch(mode=0o600)
            with self._maker().begin() as tx:
                if self.path is None:  # hosts that start together: the others wait, then see them
                    tx.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": MAKING})
                tables.metadata.create_all(tx)
                _check_version(tx)
        except (SQLAlchemyError, OSError) as error:
            raise StateError(f"the store of accounts cannot be used: {_brief(error)}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with self._explained(), self._reader.connect() as tx, tx.begin():
            yield tx

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction that writes; it may be run several times until it commits.

        Args:
            work: does everything that must happen together, and nothing else.

        Raises:
            StateError: the store cannot be used.
            IntegrityError: a row that must be the only one is there already.
        """
        for attempt in range(MAX_TRIES):
            try:
                with self._in_turn(), self._writer.begin() as tx:
                    return work(tx)
            except IntegrityError:
                raise
            except DBAPIError as error:
                if attempt == MAX_TRIES - 1 or not _passes(error):
                    message = f"the store of accounts failed: {_brief(error)}"
                    raise StateError(message) from error
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let the threads of this process write one after the other, where only one can anyway.

        SQLite's own waiting sleeps up to 100 ms and is not fair: with 8 threads one in a hundred
        took over half a second. What counts is SQLite's lock; who waits too long here asks it.
        """
        taken = self.path is not None and self._turn.acquire(timeout=BUSY_SECONDS)
        try:
            yield
        finally:
            if taken:
                self._turn.release()

    def _maker(self) -> Engine:
        """Each statement sees what was committed before it: also after waiting for a lock."""
        if self.path is not None:
            return self._writer
        return self.engine.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise StateError(f"the store of accounts failed: {_brief(error)}") from error


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        f"{SQLITE}{path}", connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )

    # The driver's own transactions begin too late; see SQLAlchemy, "Serializable isolation".
    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: str) -> Engine:
    try:
        return create_engine(
            url.replace("postgresql://", "postgresql+psycopg://", 1),
            isolation_level="SERIALIZABLE",
            pool_pre_ping=True,
            connect_args={"connect_timeout": int(BUSY_SECONDS)},
        )
    except ImportError:
        raise StateError("PostgreSQL needs its driver", hint="install `yett[postgresql]`") from None


def _reading(engine: Engine) -> Engine:
    """Read one moment; SERIALIZABLE would cost writers retries, and could fail a mere reader."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _check_version(tx: Connection) -> None:
    table = tables.meta
    found = tx.scalar(select(table.c.value).where(table.c.name == "version"))
    if found is None:
        tx.execute(table.insert().values(name="version", value=str(tables.VERSION)))
    elif found != str(tables.VERSION):
        raise StateError(
            f"the store of accounts has version {found}, this yett knows {tables.VERSION}",
            hint="use the yett that wrote it",
        )


def _passes(error: DBAPIError) -> bool:
    """Whether trying again may help: somebody else's transaction came first."""
    code = getattr(error.orig, "sqlstate", "")
    return code in ("40001", "40P01") or (
        isinstance(error, OperationalError) and "locked" in str(error.orig)
    )


def _brief(error: Exception) -> str:
    """Say what failed without parameters, which may be somebody's data."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())[:200]
