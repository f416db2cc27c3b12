"""Rows of signing keys go from state to state, one way, and lose their private part."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import NOW

from yett.state.accounts.signing_keys import (
    STEPS,
    SigningKey,
    add_key,
    forget_keys,
    list_keys,
    move_key,
)

KEY = SigningKey(
    kid="k_1", algorithm="ES256", public={"kty": "EC", "x": "1"}, private=b"\x00s", created=NOW
)
ORDER = ("published", "active", "retired", "removed")


def kept(store):
    with store.read() as tx:
        return list_keys(tx)


def move(store, state, now=NOW + 1):
    return store.write(lambda tx: move_key(tx, "k_1", state, now))


def test_all_of_it_comes_back(account_store):
    """Oldest first, each as it was put down."""
    newer = msgspec.structs.replace(KEY, kid="k_0", created=NOW + 1)
    for one in (newer, KEY):
        account_store.write(lambda tx, one=one: add_key(tx, one))
    assert kept(account_store) == [KEY, newer]


def test_the_way_through_the_states(account_store):
    """Each step with its time; the private part only while it signs or will."""
    account_store.write(lambda tx: add_key(tx, KEY))
    assert move(account_store, "active", NOW + 1)
    assert kept(account_store) == [msgspec.structs.replace(KEY, state="active", active=NOW + 1)]
    assert move(account_store, "retired", NOW + 2)
    (found,) = kept(account_store)
    assert (found.state, found.retired, found.private) == ("retired", NOW + 2, b"")
    assert move(account_store, "removed", NOW + 3)
    assert kept(account_store) == []


@pytest.mark.parametrize("start", ORDER)
def test_there_is_no_way_back(account_store, start):
    """From each state only those that follow can be reached, and none twice."""
    account_store.write(lambda tx: add_key(tx, msgspec.structs.replace(KEY, state=start)))
    for state, (before, _) in STEPS.items():
        if start not in before:
            assert not move(account_store, state), (start, state)
    assert ORDER.index(start) == len(ORDER) - 1 or kept(account_store)[0].state == start


def test_removed_ones_are_deleted_late(account_store):
    """Only those that are removed, and long since."""
    account_store.write(lambda tx: add_key(tx, KEY))
    assert account_store.write(lambda tx: forget_keys(tx, NOW + 99)) == 0
    move(account_store, "removed", NOW + 5)
    assert account_store.write(lambda tx: forget_keys(tx, NOW + 5)) == 0
    assert account_store.write(lambda tx: forget_keys(tx, NOW + 6)) == 1
