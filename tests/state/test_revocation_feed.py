"""Following the store: soon known, kept while it cannot be read, and said when for too long."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sqlite3
import threading
import time

import pytest
from kit.accounts import account_store, postgresql_url

from yett.contract.config import Config, StoreConfig
from yett.contract.identity_settings import IdentityConfig
from yett.state.accounts import AccountStore
from yett.state.accounts.revocations import lift, prune, revoke
from yett.state.errors import StateError
from yett.state.files import WatchedFile
from yett.state.revocation_feed import POLL_SECONDS, REFRESH_SECONDS, RevocationFeed
from yett.state.revoked import Revocations, read_revocations
from yett.terms import Principal

__all__ = ["account_store", "postgresql_url"]

NOW = 1_800_000_000.0
ANA = Principal(id="ana", kind="user", issuer="i", credential="t-1", claims={"iat": 1000})
BEN = Principal(id="ben", kind="user", issuer="i", credential="t-2", claims={"iat": 1000})
STALE = 10.0


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def put(store, value="ana", kind="sub", **more):
    return store.write(lambda tx: revoke(tx, kind, value, now=NOW, reason="", by="", **more))


def follow(url, folder, *, required=True, stale=STALE):
    file = WatchedFile(folder / "revoked.json", read_revocations, Revocations())
    made = RevocationFeed(url, folder, file, required=required, stale=stale)
    made.load()
    return made


@pytest.fixture
def store(tmp_path):
    made = AccountStore("sqlite:///a.db", tmp_path)
    made.prepare()
    yield made
    made.close()


@pytest.fixture
def feed(account_store, tmp_path):
    made = follow(account_store.url, tmp_path)
    yield made
    made.store.close()


def test_a_new_revocation_is_known_at_the_next_look(feed, account_store):
    """What was revoked after the start is in force after one look, and only that."""
    assert not feed.covers(ANA)
    put(account_store)
    assert feed.poll()
    assert feed.covers(ANA)
    assert not feed.covers(BEN)


def test_a_restart_lifts_nothing(account_store, tmp_path):
    """What the store says is in force before the first request."""
    put(account_store)
    feed = follow(account_store.url, tmp_path)
    assert feed.covers(ANA)
    feed.store.close()


def test_what_is_taken_back_is_accepted_again(feed, account_store):
    """A lift reaches a follower like a revocation; another one of the same name stays."""
    first, second = put(account_store), put(account_store, issuer="i")
    feed.poll()
    account_store.write(lambda tx: lift(tx, first, now=NOW, reason="", by=""))
    feed.poll()
    assert feed.covers(ANA)
    account_store.write(lambda tx: lift(tx, second, now=NOW, reason="", by=""))
    feed.poll()
    assert not feed.covers(ANA)
    assert len(feed) == 0


def test_many_at_once_are_all_taken(feed, account_store):
    """More rows than one reading takes are read in one look."""

    def work(tx):
        for number in range(5000):
            revoke(tx, "jti", f"t-{number}", now=NOW, reason="", by="")

    account_store.write(work)
    feed.poll()
    assert len(feed) == 5000
    assert feed.covers(BEN)


def test_what_was_pruned_is_forgotten_in_time(account_store, tmp_path):
    """Rows that ended do not fill the memory of a worker that runs for months."""
    feed = follow(account_store.url, tmp_path)
    clock = feed._clock = Clock()
    feed._whole_at = clock.now
    put(account_store, expires=NOW + 10)
    put(account_store, "ben")
    feed.poll()
    assert len(feed) == 2
    account_store.write(lambda tx: prune(tx, NOW + 10_000))
    clock.now = REFRESH_SECONDS
    feed.poll()
    assert len(feed) == 1
    assert feed.covers(BEN)
    feed.store.close()


def test_both_lists_count(feed, account_store, tmp_path):
    """The hand-written file stays beside the store, and neither ends what the other says."""
    (tmp_path / "revoked.json").write_text(
        json.dumps({"revoked": [{"kind": "sub", "value": "ben"}]})
    )
    put(account_store)
    feed.poll()
    feed.file.poll()
    assert feed.covers(ANA)
    assert feed.covers(BEN)


def test_no_store_changes_nothing(tmp_path):
    """Where no store is needed and none is there, none is made, nothing is followed or unsure."""
    feed = follow("sqlite:///var/yett.db", tmp_path, required=False)
    feed._clock = Clock()
    feed._clock.now = 1e9
    threads = threading.active_count()
    feed.start()
    feed.tick()
    assert not feed.unsure()
    assert not feed.covers(ANA)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads


def test_a_store_that_comes_later_is_followed(tmp_path):
    """The first `yett token revoke` makes the store; a running gate takes it up."""
    feed = follow("sqlite:///a.db", tmp_path, required=False)
    made = AccountStore("sqlite:///a.db", tmp_path)
    made.prepare()
    put(made)
    feed.tick()
    _until(lambda: feed.covers(ANA))
    made.close()


def test_a_required_store_that_never_comes_makes_unsure(tmp_path):
    """The issuer's process should have made it: without it nobody knows what is revoked."""
    feed = follow("sqlite:///a.db", tmp_path)
    clock = feed._clock = Clock()
    feed._read_at = 0.0
    assert feed.poll()
    assert not feed.unsure()
    clock.now = STALE + 0.1
    feed.poll()
    assert feed.unsure()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_a_store_that_is_being_made(tmp_path):
    """Between the file and its tables nothing can have been revoked; it is no error."""
    (tmp_path / "a.db").touch()
    feed = follow("sqlite:///a.db", tmp_path)
    made = AccountStore("sqlite:///a.db", tmp_path)
    made.prepare()
    put(made)
    assert feed.poll()
    assert feed.covers(ANA)
    made.close()


def _copy(source, target):
    """Copy a store that is in use, with what stands in its log."""
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
    one.close()
    other.close()


def _delete(path):
    for one in path.parent.glob("a.db*"):
        one.unlink()


def _garble(path):
    _delete(path)
    path.write_bytes(b"no database at all " * 500)


def _forbid(path):
    _delete(path)
    path.mkdir()


@pytest.mark.parametrize("harm", [_delete, _garble, _forbid])
def test_a_store_that_cannot_be_read_keeps_what_was_known(store, tmp_path, harm):
    """Nothing is lifted by a broken store; after `stale` seconds it is said, then it heals."""
    put(store)
    feed = follow("sqlite:///a.db", tmp_path)
    clock = feed._clock = Clock()
    feed.poll()
    store.close()
    backup = tmp_path / "backup"
    _copy(tmp_path / "a.db", backup)
    harm(tmp_path / "a.db")
    clock.now = STALE
    assert not feed.poll()
    assert feed.covers(ANA)
    assert not feed.unsure()
    clock.now += 0.1
    assert feed.unsure()
    if (tmp_path / "a.db").is_dir():
        (tmp_path / "a.db").rmdir()
    shutil.copy(backup, tmp_path / "back")
    (tmp_path / "back").replace(tmp_path / "a.db")
    assert feed.poll()
    assert not feed.unsure()
    assert feed.covers(ANA)


def test_a_locked_store_keeps_what_was_known(store, tmp_path, monkeypatch):
    """Somebody who holds the file for himself makes it unsure, not empty."""
    monkeypatch.setattr("yett.state.accounts.store.BUSY_SECONDS", 0.05)
    put(store)
    feed = follow("sqlite:///a.db", tmp_path)
    clock = feed._clock = Clock()
    feed.poll()
    feed.store.close()
    store.close()
    lock = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    lock.execute("PRAGMA locking_mode = EXCLUSIVE")
    lock.execute("BEGIN EXCLUSIVE")
    clock.now = STALE + 1
    assert not feed.poll()
    assert feed.covers(ANA)
    assert feed.unsure()
    lock.close()
    assert feed.poll()
    assert not feed.unsure()


def test_a_store_that_is_broken_at_the_start_is_an_error(tmp_path):
    """Serving without what it says would lift every revocation; so nothing is served."""
    (tmp_path / "a.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(StateError):
        follow("sqlite:///a.db", tmp_path, required=False)


def test_a_backup_that_is_put_back_lifts_nothing(store, tmp_path):
    """An older store is followed from its beginning; what the newer one revoked stays so."""
    _copy(tmp_path / "a.db", tmp_path / "old")
    put(store)
    feed = follow("sqlite:///a.db", tmp_path)
    store.engine.dispose()
    _delete(tmp_path / "a.db")
    (tmp_path / "old").replace(tmp_path / "a.db")
    put(AccountStore("sqlite:///a.db", tmp_path), "ben")
    assert feed.poll()
    assert feed.covers(ANA)
    assert feed.covers(BEN)


def test_a_reader_in_a_thread_knows_within_a_second(store, tmp_path):
    """The thread finds a revocation by itself; one look takes far less than the pause."""
    assert POLL_SECONDS <= 0.5
    feed = follow("sqlite:///a.db", tmp_path)
    feed.start()
    put(store)
    _until(lambda: feed.covers(ANA))


def test_a_forked_worker_follows_by_itself(store, tmp_path):
    """A thread does not survive a fork: the child starts its own, with connections of its own."""
    feed = follow("sqlite:///a.db", tmp_path)
    feed.start()
    put(store, "ben")
    _until(lambda: feed.covers(BEN))
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            feed.start()
            os.write(write, b"r")
            _until(lambda: feed.covers(ANA))
            os.write(write, b"k")
        finally:
            os._exit(0)
    os.read(read, 1)
    put(store)
    assert os.read(read, 1) == b"k"
    os.waitpid(child, 0)


def test_the_thread_ends_with_its_feed(store, tmp_path):
    """A reload that opens another store leaves no thread behind."""
    feed = follow("sqlite:///a.db", tmp_path)
    feed.start()
    thread = next(one for one in threading.enumerate() if one.name == "yett revocations")
    del feed
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()


def _until(true, seconds=10.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.01)


def configured(accounts="sqlite:///a.db", **identity):
    store = StoreConfig(accounts=accounts)
    return Config(api={}, identity=IdentityConfig(**identity), store=store)


def test_a_reload_goes_on_with_the_same_feed(store, tmp_path):
    """What is followed is not read anew, and the file's last good version stays."""
    put(store)
    first = RevocationFeed.from_config(configured(), tmp_path)
    assert RevocationFeed.from_config(configured(), tmp_path, first) is first
    assert first.covers(ANA)


def test_a_reload_that_names_another_store_reads_it_first(store, tmp_path):
    """The new one counts from its first request on; the hand-written list stays."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "revoked.json").write_text('{"revoked": [{"kind": "sub", "value": "ben"}]}')
    first = RevocationFeed.from_config(configured("sqlite:///none.db"), tmp_path)
    assert not first.covers(ANA)
    put(store)
    second = RevocationFeed.from_config(configured(), tmp_path, first)
    assert second is not first
    assert second.covers(ANA)
    assert second.covers(BEN)


def test_another_patience_is_taken_up(store, tmp_path):
    """`identity.stale` of the new contract counts after a reload."""
    first = RevocationFeed.from_config(configured(), tmp_path)
    assert RevocationFeed.from_config(configured(stale=1.0), tmp_path, first).stale == 1.0


def test_what_covers_somebody_is_told(feed, account_store):
    """For people who ask why: the row, with its reason."""
    assert feed.of(ANA) is None
    account_store.write(
        lambda tx: revoke(tx, "sub", "ana", now=NOW, reason="left", by="", before=NOW)
    )
    feed.poll()
    assert (feed.of(ANA).kind, feed.of(ANA).reason) == ("sub", "left")
