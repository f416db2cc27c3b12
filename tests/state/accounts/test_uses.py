"""What is good once is used once, by whomever is first, on any process."""

from __future__ import annotations

import contextlib
import threading

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.accounts import NOW

from yett.state.accounts.uses import forget_uses, use_once


def used(store, purpose="p", name="n", expires=NOW + 60):
    return store.write(lambda tx: use_once(tx, purpose, name, expires))


def test_once_and_not_again(account_store):
    """The second use is refused; another purpose or name is another thing."""
    assert used(account_store)
    assert not used(account_store)
    assert not used(account_store, expires=NOW + 999)
    assert used(account_store, purpose="q")
    assert used(account_store, name="m")
    assert used(account_store, name="x" * 10_000)


def test_of_many_at_once_one_is_first(account_store):
    """Sixteen threads: one."""
    done = []
    threads = [threading.Thread(target=lambda: done.append(used(account_store))) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == [False] * 15 + [True]


def test_a_use_that_was_undone_did_not_happen(account_store):
    """A transaction that fails uses nothing up."""

    def work(tx):
        assert use_once(tx, "p", "n", NOW)
        raise KeyError

    for _ in range(2):
        with contextlib.suppress(KeyError):
            account_store.write(work)
    assert used(account_store)


def test_it_is_remembered_until_it_expires(account_store):
    """Before its end it stays, after it it goes."""
    used(account_store)
    assert account_store.write(lambda tx: forget_uses(tx, NOW + 60)) == 0
    assert not used(account_store)
    assert account_store.write(lambda tx: forget_uses(tx, NOW + 61)) == 1
    assert used(account_store)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_name_can_be_used(account_store, name):
    """Line breaks, nulls and all alphabets: it is a digest that is kept."""
    used(account_store, "any", name)
    assert not used(account_store, "any", name)
