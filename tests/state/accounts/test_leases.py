"""One holder at a time, also when many reach for it at once; whoever died is followed by itself."""

from concurrent.futures import ThreadPoolExecutor

from kit.accounts import NOW

from yett.state.accounts.leases import LEASE_SECONDS, give_back, holds, take_lease


def take(store, holder, now=NOW, name="chore"):
    return store.write(lambda tx: take_lease(tx, name, holder, now))


def held(store, holder, now=NOW):
    with store.read() as tx:
        return holds(tx, "chore", holder, now)


def test_one_holds_it_at_a_time(account_store):
    """The first has it until it gives it back or goes without renewing it."""
    assert held(account_store, "a") is None
    assert take(account_store, "a")
    assert not take(account_store, "b")
    assert take(account_store, "b", name="another chore")
    assert (held(account_store, "a"), held(account_store, "b")) == (True, False)
    assert take(account_store, "b", NOW + LEASE_SECONDS)
    assert not take(account_store, "a", NOW + LEASE_SECONDS)
    account_store.write(lambda tx: give_back(tx, "b"))
    assert take(account_store, "a", NOW + LEASE_SECONDS)


def test_it_is_renewed_in_time_and_not_each_time(account_store):
    """A holder writes once in half a lease, and has it all the time."""
    take(account_store, "a")
    half = NOW + LEASE_SECONDS / 2
    assert held(account_store, "a", half - 1) is True
    assert held(account_store, "a", half) is None
    assert take(account_store, "a", half)
    assert held(account_store, "b", NOW + LEASE_SECONDS) is False


def test_of_many_at_once_one_takes_it(account_store):
    """Never made, and given up: both times exactly one."""
    for now in (NOW, NOW + LEASE_SECONDS):
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda who, at=now: take(account_store, who, at), "abcdefgh"))
        assert got.count(True) == 1
