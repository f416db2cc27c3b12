from __future__ import annotations

import threading

from kit.accounts import NOW

from yett.state.accounts.consents import add_consent, drop_consent, find_consent, list_consents


def find(store, user="u", client="app"):
    with store.read() as tx:
        return find_consent(tx, user, client)


def test_scopes_add_up(account_store):
    """What was allowed before stays allowed; each person and client has their own."""
    account_store.write(lambda tx: add_consent(tx, "u", "app", ("a", "b"), NOW))
    account_store.write(lambda tx: add_consent(tx, "u", "app", ("b", "c"), NOW + 1))
    assert find(account_store).scopes == {"a", "b", "c"}
    assert find(account_store).created == NOW + 1
    assert find(account_store, client="other") is None
    assert find(account_store, user="v") is None


def test_at_once(account_store):
    """Of pages that are answered at the same moment each counts."""

    def add(scope):
        account_store.write(lambda tx: add_consent(tx, "u", "app", (scope,), NOW))

    threads = [threading.Thread(target=add, args=(scope,)) for scope in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert find(account_store).scopes == set("abcd")


def test_listed_and_dropped(account_store):
    """A person sees what they have allowed, and takes it back."""
    for client in ("b", "a"):
        account_store.write(lambda tx, client=client: add_consent(tx, "u", client, ("x",), NOW))
    with account_store.read() as tx:
        assert [one.client for one in list_consents(tx, "u")] == ["a", "b"]
    assert account_store.write(lambda tx: drop_consent(tx, "u", "a"))
    assert not account_store.write(lambda tx: drop_consent(tx, "u", "a"))
    assert find(account_store, client="a") is None
