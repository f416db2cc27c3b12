from __future__ import annotations

import threading

from kit.accounts import NOW

from yett.state.accounts import devices
from yett.state.accounts.devices import (
    ALLOWED,
    DENIED,
    Device,
    add_device,
    answer_device,
    find_device,
    find_user_code,
    polled_device,
    use_device,
)


def device(name="d", code="BCDFGHJK", expires=NOW + 600):
    return Device(digest=name, user_code=code, client="tv", scopes=("a", "b"), expires=expires)


def add(store, *rows, now=NOW):
    for row in rows:
        store.write(lambda tx, row=row: add_device(tx, row, now))


def find(store, name="d"):
    with store.read() as tx:
        return find_device(tx, name)


def at_once(work, count=6):
    found = []
    threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def test_found(account_store):
    """By either code, as it was put down."""
    add(account_store, device())
    assert find(account_store) == device()
    with account_store.read() as tx:
        assert find_user_code(tx, "BCDFGHJK") == device()
        assert find_user_code(tx, "XXXXXXXX") is None
    assert find(account_store, "x") is None


def test_answered_once(account_store):
    """Of several answers at once one counts, and a later one changes nothing."""
    add(account_store, device())
    found = at_once(
        lambda: account_store.write(lambda tx: answer_device(tx, "d", ALLOWED, NOW, grant="g"))
    )
    assert found == [False] * 5 + [True]
    assert not account_store.write(lambda tx: answer_device(tx, "d", DENIED, NOW))
    assert (find(account_store).status, find(account_store).grant) == (ALLOWED, "g")


def test_used_once(account_store):
    """Of several polls at once one uses an allowed device, and nobody one that waits."""
    add(account_store, device())
    assert not account_store.write(lambda tx: use_device(tx, "d", NOW))
    account_store.write(lambda tx: answer_device(tx, "d", ALLOWED, NOW, grant="g"))
    found = at_once(lambda: account_store.write(lambda tx: use_device(tx, "d", NOW)))
    assert found == [False] * 5 + [True]


def test_expired(account_store):
    """What is over is neither answered nor used."""
    add(account_store, device())
    assert not account_store.write(lambda tx: answer_device(tx, "d", ALLOWED, NOW + 600))
    account_store.write(lambda tx: answer_device(tx, "d", ALLOWED, NOW, grant="g"))
    assert not account_store.write(lambda tx: use_device(tx, "d", NOW + 600))


def test_polled(account_store):
    """A poll and the next interval are kept."""
    add(account_store, device())
    account_store.write(lambda tx: polled_device(tx, "d", NOW + 1, 10))
    assert (find(account_store).polled, find(account_store).interval) == (NOW + 1, 10)


def test_swept_and_bounded(account_store, monkeypatch):
    """Old ones go after a while, the oldest when there are too many."""
    monkeypatch.setattr(devices, "MAX_DEVICES", 2)
    add(account_store, device("a", "A", NOW + 1), device("b", "B", NOW + 2))
    add(account_store, device("c", "C", NOW + 3))
    assert [find(account_store, name) is not None for name in "abc"] == [False, True, True]
    add(account_store, device("d", "D", NOW + 2000), now=NOW + 700)
    assert [find(account_store, name) is not None for name in "bcd"] == [False, False, True]
