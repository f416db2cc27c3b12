"""Passkeys: known once, counted by compare-and-set, kept when they are revoked."""

from __future__ import annotations

import threading

from yett.state.accounts.passkeys import (
    Passkey,
    add_passkey,
    count_passkeys,
    find_passkey,
    list_passkeys,
    rename_passkey,
    revoke_passkey,
    use_passkey,
)

NOW = 1_800_000_000.0


def put(store, key="k1", user="u_1", **more):
    passkey = Passkey(id=key, user=user, public_key=b"\xa5\x01", created=NOW, **more)
    assert store.write(lambda tx: add_passkey(tx, passkey))
    return passkey


def test_a_passkey_comes_back_as_it_was_put(account_store):
    """All fields survive the store."""
    passkey = put(
        account_store, sign_count=7, aaguid="aa", transports=("usb", "hybrid"), label="key"
    )
    with account_store.read() as tx:
        assert find_passkey(tx, "k1") == passkey
        assert list_passkeys(tx, "u_1") == [passkey]
        assert find_passkey(tx, "k2") is None


def test_a_credential_id_is_registered_once(account_store):
    """Neither another person nor a revocation frees a credential id."""
    put(account_store)
    other = Passkey(id="k1", user="u_2", public_key=b"x")
    assert not account_store.write(lambda tx: add_passkey(tx, other))
    assert account_store.write(lambda tx: revoke_passkey(tx, "u_1", "k1", NOW))
    assert not account_store.write(lambda tx: add_passkey(tx, other))


def test_one_of_two_uses_at_once_counts(account_store):
    """Twenty threads that read the same counter: one moves it."""
    passkey = put(account_store, sign_count=7)
    won = []

    def use():
        if account_store.write(
            lambda tx: use_passkey(tx, passkey, sign_count=8, backed_up=False, now=NOW)
        ):
            won.append(1)

    threads = [threading.Thread(target=use) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(won) == 1


def test_a_revoked_passkey_is_not_used_but_kept(account_store):
    """Revocation ends use, renaming and counting; the row stays for old signatures."""
    passkey = put(account_store)
    assert not account_store.write(lambda tx: revoke_passkey(tx, "u_2", "k1", NOW))
    assert account_store.write(lambda tx: revoke_passkey(tx, "u_1", "k1", NOW))
    assert not account_store.write(lambda tx: revoke_passkey(tx, "u_1", "k1", NOW))
    used = account_store.write(
        lambda tx: use_passkey(tx, passkey, sign_count=0, backed_up=False, now=NOW)
    )
    assert not used
    assert not account_store.write(lambda tx: rename_passkey(tx, "u_1", "k1", "mine"))
    with account_store.read() as tx:
        assert count_passkeys(tx, "u_1") == 0
        assert list_passkeys(tx, "u_1") == []
        assert list_passkeys(tx, "u_1", revoked=True)[0].revoked == NOW


def test_only_its_owner_names_it(account_store):
    """A label is bounded, and nobody else's to set."""
    put(account_store)
    assert not account_store.write(lambda tx: rename_passkey(tx, "u_2", "k1", "stolen"))
    assert account_store.write(lambda tx: rename_passkey(tx, "u_1", "k1", "y" * 100))
    with account_store.read() as tx:
        assert find_passkey(tx, "k1").label == "y" * 64
