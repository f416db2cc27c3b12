"""Second factors in the store: a step is used once, whoever comes at the same moment."""

from __future__ import annotations

import threading

from yett.state.accounts.totps import drop_totp, find_totp, put_totp, use_step

NOW = 1_800_000_000.0


def put(store, user="u_a", step=100, secret=b"sealed"):
    store.write(lambda tx: put_totp(tx, user, secret, step, NOW))


def use(store, step, user="u_a"):
    return store.write(lambda tx: use_step(tx, user, step))


def test_what_was_put_is_found(account_store):
    """The sealed secret, the used step and the time come back."""
    put(account_store)
    with account_store.read() as tx:
        found = find_totp(tx, "u_a")
    assert (found.secret, found.last_step, found.confirmed) == (b"sealed", 100, NOW)


def test_a_step_is_used_once(account_store):
    """A step, and every step before it, is used up."""
    put(account_store)
    assert use(account_store, 102)
    assert not use(account_store, 102)
    assert not use(account_store, 101)
    assert use(account_store, 103)


def test_the_confirming_step_is_used(account_store):
    """The code that confirmed the factor does not sign in as well."""
    put(account_store, step=100)
    assert not use(account_store, 100)


def test_nobody_without_a_factor_uses_one(account_store):
    """There is no step of an account that has no factor, or of another account."""
    put(account_store)
    assert not use(account_store, 200, user="u_b")


def test_enrolling_again_does_not_go_back(account_store):
    """The same secret enrolled twice accepts no used code again."""
    put(account_store, step=100)
    use(account_store, 150)
    put(account_store, step=120)
    assert not use(account_store, 150)


def test_a_dropped_factor_is_gone(account_store):
    """After it was taken away there is none, and taking it away again says so."""
    put(account_store)
    assert account_store.write(lambda tx: drop_totp(tx, "u_a"))
    assert not account_store.write(lambda tx: drop_totp(tx, "u_a"))
    assert not use(account_store, 999)


def test_of_many_at_the_same_moment_one_passes(account_store):
    """A code shown to ten connections at once is good for one of them."""
    put(account_store)
    passed = []
    barrier = threading.Barrier(10)

    def one():
        barrier.wait()
        passed.append(use(account_store, 101))

    threads = [threading.Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 9 + [True]
