"""Recovery codes in the store: digests, each good once and for one account."""

from __future__ import annotations

import threading

from sqlalchemy import select

from yett.state.accounts import tables
from yett.state.accounts.recovery import codes_left, drop_codes, put_codes, use_code

NOW = 1_800_000_000.0
CODES = ("aaaa", "bbbb", "cccc")


def put(store, user="u_a", codes=CODES):
    store.write(lambda tx: put_codes(tx, user, codes))


def use(store, code, user="u_a"):
    return store.write(lambda tx: use_code(tx, user, code, NOW))


def left(store, user="u_a"):
    with store.read() as tx:
        return codes_left(tx, user)


def test_a_code_is_good_once(account_store):
    """Using a code uses it up, and the others stay."""
    put(account_store)
    assert use(account_store, "bbbb")
    assert not use(account_store, "bbbb")
    assert left(account_store) == 2


def test_a_code_is_good_for_its_account(account_store):
    """Somebody else's code opens nothing, and is not used up by trying."""
    put(account_store)
    put(account_store, user="u_b", codes=("dddd",))
    assert not use(account_store, "aaaa", user="u_b")
    assert use(account_store, "aaaa")


def test_two_accounts_may_have_the_same_code(account_store):
    """Equal codes of two people are two codes."""
    put(account_store)
    put(account_store, user="u_b")
    assert use(account_store, "aaaa")
    assert use(account_store, "aaaa", user="u_b")


def test_fresh_codes_replace_the_old(account_store):
    """After new ones were made, the old ones are good for nothing."""
    put(account_store)
    put(account_store, codes=("eeee",))
    assert not use(account_store, "aaaa")
    assert left(account_store) == 1


def test_dropped_codes_are_gone(account_store):
    """An account whose codes were taken has none."""
    put(account_store)
    account_store.write(lambda tx: drop_codes(tx, "u_a"))
    assert left(account_store) == 0
    assert not use(account_store, "aaaa")


def test_no_code_is_in_the_store(account_store):
    """A copy of the store holds digests only."""
    put(account_store)
    with account_store.read() as tx:
        rows = tx.execute(select(tables.recovery_codes)).all()
    assert not any(code in row.digest for row in rows for code in CODES)


def test_of_many_at_the_same_moment_one_passes(account_store):
    """A code sent ten times at once is good for one."""
    put(account_store)
    passed = []
    barrier = threading.Barrier(10)

    def one():
        barrier.wait()
        passed.append(use(account_store, "aaaa"))

    threads = [threading.Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 9 + [True]
