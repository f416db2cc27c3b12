"""What waits for receivers, in its order, until each has it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from kit.accounts import NOW

from yett.state.accounts.outbox import (
    Waiting,
    claim,
    count_waiting,
    forget,
    put_event,
    put_off,
    taken,
    waiting_for,
)


def put(store, *ids, stream="s"):
    for at, jti in enumerate(ids):
        one = Waiting(jti=jti, stream=stream, token="a.b.c", created=NOW + at, due=NOW)
        store.write(lambda tx, w=one: put_event(tx, w))


def names(store, most=9, due=None):
    with store.read() as tx:
        return [one.jti for one in waiting_for(tx, "s", most, due)]


def test_the_oldest_comes_first(account_store):
    """At most so many, and only what is due where that is asked."""
    put(account_store, "z", "a", "m")
    assert names(account_store) == ["z", "a", "m"]
    assert names(account_store, most=2) == ["z", "a"]
    account_store.write(lambda tx: put_off(tx, "z", NOW + 60))
    assert names(account_store, due=NOW) == ["a", "m"]
    with account_store.read() as tx:
        assert waiting_for(tx, "s", 1)[0].tries == 1


def test_one_of_many_takes_it_on(account_store):
    """Eight at once reach for the same event: one of them pushes it."""
    put(account_store, "a")
    with account_store.read() as tx:
        (one,) = waiting_for(tx, "s", 9)
    with ThreadPoolExecutor(8) as pool:
        tries = pool.map(
            lambda at: account_store.write(lambda tx: claim(tx, one=one, due=NOW + 60 + at)),
            range(8),
        )
        assert list(tries).count(True) == 1


def test_only_its_own_receiver_takes_it(account_store):
    """A name of another's event removes nothing."""
    put(account_store, "a", "b")
    put(account_store, "c", stream="t")
    assert account_store.write(lambda tx: taken(tx, "s", ["a", "c", "x"])) == 1
    assert names(account_store) == ["b"]
    with account_store.read() as tx:
        assert count_waiting(tx, "t") == 1
    assert account_store.write(lambda tx: forget(tx, "s")) == 1
    assert names(account_store) == []


def test_what_waits_does_not_show_its_token():
    """A signed event is in no log."""
    one = Waiting(jti="j", stream="s", token="secret-token", created=NOW, due=NOW)
    assert "secret-token" not in repr(one)
