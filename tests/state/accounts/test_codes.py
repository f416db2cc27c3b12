"""Rows of codes: used once, whoever is first, and forgotten when they say nothing any more."""

from __future__ import annotations

import threading

from kit.accounts import NOW

from yett.state.accounts.codes import Code, add_code, find_code, forget_codes, use_code

CODE = Code(
    digest="d",
    grant="g",
    client="c",
    redirect="https://a/cb?x=ä",
    challenge="x",
    binding="jkt:x",
    expires=NOW + 60,
)


def test_all_of_it_comes_back(account_store):
    """What was put down is what is found; another digest finds nothing."""
    account_store.write(lambda tx: add_code(tx, CODE))
    with account_store.read() as tx:
        assert find_code(tx, "d") == CODE
        assert find_code(tx, "e") is None


def test_of_many_at_once_one_uses_it(account_store):
    """Sixteen threads: one is told that it was first."""
    account_store.write(lambda tx: add_code(tx, CODE))
    done = []
    threads = [
        threading.Thread(
            target=lambda: done.append(account_store.write(lambda tx: use_code(tx, "d", NOW)))
        )
        for _ in range(16)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == [False] * 15 + [True]


def test_old_ones_are_forgotten(account_store):
    """Those that expired before the time, used or not."""
    account_store.write(lambda tx: add_code(tx, CODE))
    assert account_store.write(lambda tx: forget_codes(tx, NOW + 60)) == 0
    assert account_store.write(lambda tx: forget_codes(tx, NOW + 61)) == 1
