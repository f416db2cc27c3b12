from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW

from yett.state.accounts import requests
from yett.state.accounts.requests import KeptRequest, find_request, keep_request, use_request


def kept(name="a", *, pushed=False, expires=NOW + 60, client="app"):
    return KeptRequest(
        digest=name, client=client, parameters={"state": "ß"}, pushed=pushed, expires=expires
    )


def keep(store, *rows, now=NOW):
    for row in rows:
        store.write(lambda tx, row=row: keep_request(tx, row, now))


def find(store, name, now=NOW, *, pushed=False):
    with store.read() as tx:
        return find_request(tx, name, now, pushed=pushed)


def test_kept(account_store):
    """What is put down is found as it was, by its kind."""
    keep(account_store, kept(), kept("b", pushed=True))
    assert find(account_store, "a") == kept()
    assert find(account_store, "b", pushed=True) == kept("b", pushed=True)
    assert find(account_store, "a", pushed=True) is None
    assert find(account_store, "b") is None
    assert find(account_store, "c") is None


def test_expired(account_store):
    """It is over at its time, and cannot be used any more."""
    keep(account_store, kept())
    assert find(account_store, "a", NOW + 59.9)
    assert find(account_store, "a", NOW + 60) is None
    assert not account_store.write(lambda tx: use_request(tx, "a", NOW + 60))


def test_used_once(account_store):
    """Of many at once one uses it, and it is not found afterwards."""
    keep(account_store, kept())
    found = []

    def use():
        found.append(account_store.write(lambda tx: use_request(tx, "a", NOW)))

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 5 + [True]
    assert find(account_store, "a") is None


def test_swept(account_store):
    """Each that comes removes those that are over: the table does not grow."""
    keep(account_store, *(kept(str(number), expires=NOW + 1) for number in range(5)))
    keep(account_store, kept("new"), now=NOW + 1)
    with account_store.read() as tx:
        assert [row.digest for row in tx.execute(requests.requests.select())] == ["new"]


@pytest.mark.parametrize("pushed", [False, True])
def test_bounded(account_store, monkeypatch, pushed):
    """When there are too many the oldest of the same kind goes first."""
    monkeypatch.setattr(requests, "MAX_REQUESTS", 3)
    keep(account_store, kept("other", pushed=not pushed, expires=NOW + 1))
    for number in range(5):
        keep(account_store, kept(str(number), pushed=pushed, expires=NOW + 60 + number))
    assert find(account_store, "other", pushed=not pushed)
    found = [find(account_store, str(number), pushed=pushed) is not None for number in range(5)]
    assert found == [False, False, True, True, True]
