"""Failed tries in the store: pauses that grow, are shared, end, and keep the table small."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from yett.state.accounts import AccountStore, attempts, tables
from yett.state.accounts.attempts import Pace, clear, count, forgive, pause, take, waits

NOW = 1_800_000_000.0
PACE = Pace(free=3, longest=10.0, memory=60.0)


def wait(store, subject, now):
    with store.read() as tx:
        return waits(tx, subject, now)


def fail(store, subject, now=NOW, times=1):
    for _ in range(times):
        store.write(lambda tx: count(tx, subject, now, PACE))


def test_pauses_grow_up_to_the_longest(account_store):
    """Free tries cost nothing, each further one twice the last, and never more than the longest."""
    seen = []
    for _ in range(9):
        fail(account_store, "a")
        seen.append(wait(account_store, "a", NOW))
    assert seen == [0, 0, 0, 1, 2, 4, 8, 10, 10]


@given(tries=st.integers(0, 10**9), free=st.integers(0, 50))
def test_a_pause_is_bounded(tries, free):
    """No number of failed tries makes a lock."""
    assert 0 <= pause(tries, Pace(free=free, longest=30.0)) <= 30.0


def test_a_pause_ends(account_store):
    """After the pause a try may be made again."""
    fail(account_store, "a", times=4)
    assert wait(account_store, "a", NOW + 0.5) == 0.5
    assert wait(account_store, "a", NOW + 1.0) == 0.0


def test_what_is_long_ago_does_not_count(account_store):
    """After the memory a failed try is the first again."""
    fail(account_store, "a", times=8)
    fail(account_store, "a", NOW + 61)
    assert wait(account_store, "a", NOW + 61) == 0.0


def test_a_success_clears(account_store):
    """Who got it right begins again with free tries."""
    fail(account_store, "a", times=8)
    account_store.write(lambda tx: clear(tx, "a"))
    fail(account_store, "a")
    assert wait(account_store, "a", NOW) == 0.0


def test_a_try_is_taken_back(account_store):
    """A good try of a shared place neither counts nor costs the others a pause."""
    fail(account_store, "a", times=3)
    assert account_store.write(lambda tx: take(tx, "a", NOW, PACE)) == 0.0
    assert wait(account_store, "a", NOW) == 1.0
    account_store.write(lambda tx: forgive(tx, "a"))
    assert wait(account_store, "a", NOW) == 0.0
    fail(account_store, "a")
    assert wait(account_store, "a", NOW) == 1.0


def test_subjects_are_apart(account_store):
    """One account's failures cost another nothing."""
    fail(account_store, "a", times=8)
    assert wait(account_store, "b", NOW) == 0.0


def test_a_hundred_at_once_are_a_hundred(account_store):
    """Tries sent at the same moment are counted before they are made, each of them."""
    passed = []

    def one():
        if not account_store.write(lambda tx: take(tx, "a", NOW, PACE)):
            passed.append(1)

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == PACE.free + 1


def test_another_process_sees_it(tmp_path):
    """The count is in the store, not in a process."""
    first, second = (AccountStore("sqlite:///a.db", tmp_path) for _ in range(2))
    first.prepare()
    fail(first, "a", times=5)
    assert wait(second, "a", NOW) == 2.0
    first.close()
    second.close()


def test_nothing_that_was_typed_is_kept(account_store):
    """A password in the field of the name is not in the store."""
    fail(account_store, "password:hunter2 is my password")
    with account_store.read() as tx:
        (row,) = tx.execute(select(tables.attempts)).all()
    assert row.subject.startswith("password:")
    assert "hunter2" not in row.subject


def test_the_old_is_forgotten(account_store):
    """Rows that matter to nobody are deleted as new ones come."""
    fail(account_store, "a")
    fail(account_store, "b", NOW + attempts.MEMORY_SECONDS + 1)
    with account_store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(tables.attempts)) == 1


def test_a_full_table_forgets_those_who_failed_least(account_store, monkeypatch):
    """An attacker who fills the table does not wash away the count of an account under attack."""
    monkeypatch.setattr(attempts, "MAX_ROWS", 20)
    monkeypatch.setattr(attempts, "EVICTED_AT_ONCE", 10)
    monkeypatch.setattr(attempts, "ONE_IN", 1)
    fail(account_store, "target", times=4)

    def flood(tx):
        for number in range(100):
            count(tx, f"name-{number}", NOW, PACE)

    account_store.write(flood)
    with account_store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(tables.attempts)) <= 20
    assert wait(account_store, "target", NOW) == 1.0


@pytest.mark.parametrize("subject", ["", "\x00", "ä" * 1000, "\ud800"])
def test_any_text_is_a_subject(account_store, subject):
    """What an attacker writes as a name does not break the count."""
    fail(account_store, subject, times=4)
    assert wait(account_store, subject, NOW) == 1.0
