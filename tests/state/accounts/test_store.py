"""The store on both engines: all or nothing, one writer after the other, and named refusals."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from yett.state.accounts import AccountStore, tables
from yett.state.errors import StateError


def count(store, name="n"):
    with store.read() as tx:
        return int(tx.scalar(select(tables.meta.c.value).where(tables.meta.c.name == name)))


def add_one(tx):
    table = tables.meta
    value = int(tx.scalar(select(table.c.value).where(table.c.name == "n")))
    tx.execute(update(table).where(table.c.name == "n").values(value=str(value + 1)))


def begin_at_zero(store):
    store.write(lambda tx: tx.execute(tables.meta.insert().values(name="n", value="0")))


def test_writers_come_one_after_the_other(account_store):
    """What a transaction has read is still so when it commits: forty additions add forty."""
    begin_at_zero(account_store)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: account_store.write(add_one), range(40)))
    assert count(account_store) == 40


def test_threads_of_a_process_wait_in_line(tmp_path):
    """Who waits to write takes no connection and does not poll SQLite, which would not be fair."""
    store = AccountStore("sqlite:///accounts.db", tmp_path)
    store.prepare()
    inside, leave = Event(), Event()

    def stay(_tx):
        inside.set()
        assert leave.wait(20)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.write, stay)
        assert inside.wait(20)
        second = pool.submit(store.write, lambda _tx: "written")
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            assert store.engine.pool.checkedout() == 1
            time.sleep(0.01)
        leave.set()
        first.result(20)
        assert second.result(20) == "written"
    store.close()


def test_a_transaction_that_fails_leaves_nothing(account_store):
    """All or nothing."""
    begin_at_zero(account_store)

    def fails(tx):
        add_one(tx)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        account_store.write(fails)
    assert count(account_store) == 0


def test_a_row_that_must_be_the_only_one(account_store):
    """A second one is an `IntegrityError`, which its noun turns into words."""
    begin_at_zero(account_store)
    with pytest.raises(IntegrityError):
        begin_at_zero(account_store)


def test_it_is_made_once(account_store):
    """Preparing again changes nothing."""
    begin_at_zero(account_store)
    account_store.prepare()
    assert count(account_store) == 0


def test_hosts_that_start_together_make_it_once(account_store, tmp_path):
    """Eight at the same moment on an empty store: all find it whole, none fails."""
    with account_store.engine.begin() as tx:
        tables.metadata.drop_all(tx)
    stores = [AccountStore(account_store.url, tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(AccountStore.prepare, stores))
    for one in stores:
        with one.read() as tx:
            assert tx.scalar(select(func.count()).select_from(tables.meta)) == 1
        one.close()


def test_what_reads_writes_nothing_and_sees_one_moment(account_store):
    """A reader finds the same until it is done, and holds no writer up."""
    begin_at_zero(account_store)
    with account_store.read() as tx:
        query = select(tables.meta.c.value).where(tables.meta.c.name == "n")
        before = tx.scalar(query)
        account_store.write(add_one)
        assert tx.scalar(query) == before
    assert count(account_store) == 1
    if account_store.path is None:
        with pytest.raises(StateError, match="read-only"), account_store.read() as tx:
            add_one(tx)


def test_a_later_version_is_refused(account_store):
    """What a later yett wrote is never guessed at."""
    account_store.write(
        lambda tx: tx.execute(
            update(tables.meta).where(tables.meta.c.name == "version").values(value="99")
        )
    )
    with pytest.raises(StateError, match="version 99, this yett knows"):
        account_store.prepare()


def test_a_damaged_file_is_named(tmp_path):
    """A file that is no store is an error with words, never an empty store."""
    (tmp_path / "a.db").write_bytes(b"no store" * 1000)
    store = AccountStore("sqlite:///a.db", tmp_path)
    with pytest.raises(StateError, match="cannot be used"):
        store.prepare()
    with pytest.raises(StateError, match="failed"), store.read() as tx:
        tx.scalar(select(func.count()).select_from(tables.users))


def test_only_its_user_reads_the_file(tmp_path):
    """The file holds digests and names of people: mode 0600 from its first byte on."""
    store = AccountStore("sqlite:///var/a.db", tmp_path)
    store.prepare()
    assert (tmp_path / "var/a.db").stat().st_mode & 0o777 == 0o600


def test_a_server_that_is_away_is_named(tmp_path):
    """No stack trace and no password in the message."""
    store = AccountStore("postgresql://ada:hunter2@127.0.0.1:1/x", tmp_path)
    with pytest.raises(StateError) as refused:
        store.prepare()
    assert "hunter2" not in str(refused.value)


def test_another_kind_of_store_is_refused(tmp_path):
    """Only what is tested is taken."""
    with pytest.raises(StateError, match="is not a store of accounts"):
        AccountStore("mysql://h/x", tmp_path)
