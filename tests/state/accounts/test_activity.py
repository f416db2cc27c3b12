"""When something was last used: later replaces earlier, by id or login, whoever writes first."""

from __future__ import annotations

import threading

from kit.accounts import NOW

from yett.state.accounts.activity import last_uses, note_uses
from yett.state.accounts.clients import Client, add_client, find_client
from yett.state.accounts.users import add_user, find_user


def test_a_key_has_its_last_use(account_store):
    """The newest use of each key is told; one that was never used is not in the answer."""
    account_store.write(lambda tx: note_uses(tx, {("key", "a"): NOW, ("key", "b"): NOW + 1}))
    account_store.write(lambda tx: note_uses(tx, {("key", "a"): NOW + 5, ("key", "b"): NOW}))
    with account_store.read() as tx:
        assert last_uses(tx, ["a", "b", "c"]) == {"a": NOW + 5, "b": NOW + 1}
        assert last_uses(tx, []) == {}


def test_an_account_is_active_by_its_id_or_its_login(account_store):
    """A token names the account's id, an API key may name its login; both are activity."""
    user = account_store.write(lambda tx: add_user(tx, login="Ana", now=NOW))
    for value, at in ((user.id, NOW + 1), ("ana", NOW + 2), ("ANA", NOW + 3), (user.id, NOW)):
        account_store.write(lambda tx, v=value, t=at: note_uses(tx, {("user", v): t}))
    with account_store.read() as tx:
        assert find_user(tx, user.id).active == NOW + 3


def test_a_client_is_active(account_store):
    """A service account that only calls is not idle."""
    account_store.write(
        lambda tx: add_client(
            tx, Client(id="c", name="c", kind="service", auth="client_secret_basic", created=NOW)
        )
    )
    account_store.write(lambda tx: note_uses(tx, {("client", "c"): NOW + 7, ("client", "x"): NOW}))
    with account_store.read() as tx:
        assert find_client(tx, "c").active == NOW + 7


def test_workers_write_at_once(account_store):
    """Two workers that write the same keys in other orders both succeed."""
    keys = [("key", f"k{number}") for number in range(20)]

    def work(order, at):
        for _ in range(5):
            account_store.write(lambda tx: note_uses(tx, dict.fromkeys(order, at)))

    orders = ((keys, NOW), (keys[::-1], NOW + 1))
    threads = [threading.Thread(target=work, args=one) for one in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with account_store.read() as tx:
        found = last_uses(tx, [value for _, value in keys])
    assert set(found.values()) == {NOW + 1}
    assert len(found) == 20
