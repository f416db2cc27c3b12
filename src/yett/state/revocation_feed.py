"""The revocations in force in one process: those of the store, followed, and those of a file.

A thread asks the store for what is new several times a second, so that every worker knows within
one. What was known stays in force while the store cannot be read; for how long that may be so is
`unsure`. Rows are added and taken back one by one; everything is read again now and then, because
rows that ended are pruned. Creates no file: where no store is, nothing is followed, and the library
that would open it (0.2 s, 20 MB) is not imported.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from yett.contract.config import Config
from yett.state.errors import StateError
from yett.state.files import WatchedFile
from yett.state.revoked import Revocation, Revocations, read_revocations
from yett.state.store_url import sqlite_path
from yett.terms import Principal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from yett.state.accounts import AccountStore
    from yett.state.accounts.revocations import Revoked

REVOKED_FILE = "var/revoked.json"
POLL_SECONDS = 0.25
REFRESH_SECONDS = 900.0  # 100,000 rows take half a second of the thread
FIRST_LOOK_SECONDS = 2.0

Stamp = tuple[int, int]
_LOG = logging.getLogger("yett.state")


class RevocationFeed:
    """What is revoked, as this process knows it.

    Args:
        url: the store of accounts.
        folder: where a relative path starts.
        file: the hand-written list.
        required: whether the store must be there (the issuer is configured, or it is a server).
        stale: seconds without a good look at the store after which `unsure` says so.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        file: WatchedFile[Revocations],
        *,
        required: bool,
        stale: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url, self._folder, self.file = url, folder, file
        self._path = sqlite_path(url, folder)
        self._store: AccountStore | None = None
        self.required, self.stale = required, stale
        self._clock = clock
        self._held = Revocations()
        self._rows: dict[int, Revoked] = {}
        self._seen = 0  # number of the newest row that was taken
        self._stamp: Stamp | None = None  # the file that was read; another one is another store
        self._known = False  # whether the store was ever read
        self._read_at = clock()
        self._whole_at = float("-inf")
        self._failing = False
        self._process = 0  # where a thread follows the store
        self._looked = threading.Event()

    @classmethod
    def from_config(
        cls, config: Config, folder: Path, previous: RevocationFeed | None = None
    ) -> RevocationFeed:
        """Open what is revoked for a contract folder and read all of it, or go on with it.

        Raises:
            StateError: the file or the store is there and cannot be read.
        """
        url, stale = config.store.accounts, config.identity.stale
        required = config.identity.builtin is not None or sqlite_path(url, folder) is None
        if previous is None:
            file = WatchedFile(folder / REVOKED_FILE, read_revocations, Revocations())
        else:
            file = previous.file
            file.poll()
            known = previous.url, previous.required, previous.stale
            if file.path == folder / REVOKED_FILE and known == (url, required, stale):
                return previous
        feed = cls(url, folder, file, required=required, stale=stale)
        feed.load()
        return feed

    def __len__(self) -> int:
        """Count the rows of the store that are in force."""
        return len(self._rows)

    @property
    def watched(self) -> bool:
        """Whether there is a store to follow."""
        return self.required or self._known or self._path is None or self._path.exists()

    @property
    def store(self) -> AccountStore:
        """The store, for this object alone; opened where there is one."""
        if self._store is None:
            from yett.state.accounts import AccountStore  # noqa: PLC0415 — see above

            self._store = AccountStore(self.url, self._folder)
        return self._store

    def covers(self, principal: Principal) -> bool:
        """Whether this principal or its credential is revoked."""
        held, file = self._held, self.file.value
        # Most of the time one or both are empty: 35 ns here where the calls take 120.
        if held.by_value and held.covers(principal):
            return True
        return file.covers(principal) if file.by_value else False

    def of(self, principal: Principal) -> Revocation | None:
        """Return what covers this principal, for people; None when nothing does."""
        return self._held.of(principal) or self.file.value.of(principal)

    def unsure(self, _now: float = 0.0) -> bool:
        """Whether the store could not be read for longer than `stale` seconds.

        Implements `engine.view.View.unsure`; a clock that is set must neither hide nor make an
        outage, so the time of the request is not looked at.
        """
        return self._clock() - self._read_at > self.stale and self.watched

    def load(self) -> None:
        """Read the store before the first request, so that a restart lifts nothing; blocks.

        Raises:
            StateError: it is there and cannot be read.
        """
        if not self.watched:
            return
        try:
            self._look()
        finally:
            self.store.close()  # a connection of ours is no use to the workers that are forked

    def start(self) -> None:
        """Follow the store from now on, where there is one; returns after the first look. Blocks.

        What a forked worker was born with may be hours old: `unsure` counts from that reading.
        """
        self._begin()
        if self._process:
            self._looked.wait(FIRST_LOOK_SECONDS)

    def tick(self) -> None:
        """Once a second: begin to follow a store that came into being."""
        self._begin()

    def _begin(self) -> None:
        if self._process == os.getpid() or not self.watched:
            return
        self._process, self._looked = os.getpid(), threading.Event()
        self._whole_at = float("-inf")
        self.store.engine.dispose(close=False)  # a parent's connections are the parent's
        # The thread ends with the object: a reload that changes the store leaves none behind.
        following = threading.Thread(
            target=_follow, args=(weakref.ref(self),), name="yett revocations", daemon=True
        )
        following.start()

    def turn(self) -> None:
        """Look once, and let go who waits for the first look."""
        self.poll()
        self._looked.set()

    def poll(self) -> bool:
        """Look once; False, and nothing changed, when the store cannot be read."""
        try:
            self._look()
        except Exception as error:  # noqa: BLE001 — `unsure` tells; the next look is soon
            if not self._failing:
                _LOG.error("revocations cannot be read: %s; those known stay in force", error)
            self._failing = True
            self.store.close()
            return False
        if self._failing:
            _LOG.info("revocations can be read again")
        self._failing = False
        return True

    def _look(self) -> None:
        began = self._clock()
        if not self._is_there():
            return
        with self.store.read() as tx:
            if not (self._known or self._has_tables(tx)):
                return  # about to be made; nothing can have been revoked in it
            self._follow_log(tx, began)
        self._known = True
        self._read_at = began

    def _has_tables(self, tx: Connection) -> bool:
        from sqlalchemy import inspect  # noqa: PLC0415 — see above

        return inspect(tx).has_table("revocations")

    def _follow_log(self, tx: Connection, began: float) -> None:
        from yett.state.accounts import revocations as log  # noqa: PLC0415 — see above

        newest = log.last_number(tx)
        if newest < self._seen:
            self._begin_anew("an older one")
        if began - self._whole_at >= REFRESH_SECONDS:
            self._take_whole(log.in_force(tx, time.time()), newest)
            self._whole_at = began
        while newest > self._seen and (rows := log.since(tx, self._seen)):
            for row in rows:
                if row.kind == log.LIFT:
                    self._discard(int(row.value))
                elif row.number not in self._rows:
                    self._add(row)
            self._seen = rows[-1].number

    def _is_there(self) -> bool:
        """See that the file is there, and is the one that was read: a deleted one stays readable.

        False where it was never made.
        """
        path = self._path
        if path is None:
            return True
        try:
            found = path.stat()
        except OSError as error:
            if not self._known:
                return False
            raise StateError("the store of accounts is gone", path=str(path)) from error
        stamp = found.st_dev, found.st_ino
        if self._stamp not in (None, stamp):
            self.store.close()
            self._begin_anew("another file")
        self._stamp = stamp
        return True

    def _begin_anew(self, why: str) -> None:
        """Follow another store from its beginning; what the former one revoked stays so."""
        _LOG.error("the store of accounts is %s now; what was revoked before stays revoked", why)
        self._rows, self._seen, self._whole_at = {}, 0, float("-inf")

    def _take_whole(self, rows: list[Revoked], newest: int) -> None:
        """Make what is held the same as what is in force."""
        fresh = {row.number: row for row in rows}
        for number in self._rows.keys() - fresh.keys():
            self._discard(number)
        for number in fresh.keys() - self._rows.keys():
            self._add(fresh[number])
        self._seen = max(newest, self._seen)

    def _add(self, row: Revoked) -> None:
        self._rows[row.number] = row
        self._held.add(_named(row))

    def _discard(self, number: int) -> None:
        row = self._rows.pop(number, None)
        if row is not None:
            self._held.discard(_named(row))


def _follow(ref: weakref.ref[RevocationFeed]) -> None:
    while (feed := ref()) is not None:
        feed.turn()
        del feed
        time.sleep(POLL_SECONDS)


def _named(row: Revoked) -> Revocation:
    return Revocation(
        kind=row.kind,  # type: ignore[arg-type]  # checked when it was written
        value=row.value,
        issuer=row.issuer,
        before=row.before,
        reason=row.reason,
    )
