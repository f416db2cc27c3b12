"""Rows of grants: rotated by compare-and-set, bound once, ended once."""

from __future__ import annotations

import threading

import msgspec
from kit.accounts import NOW

from yett.state.accounts.grants import (
    Grant,
    add_grant,
    bind_grant,
    find_grant,
    forget_grants,
    keep_key,
    list_grants,
    rotate_grant,
    stop_grant,
)

FULL = Grant(
    id="g1",
    client="c_1",
    user="u_1",
    session="s1",
    scopes=("a", "b"),
    details=({"type": "x", "list": [1, None]},),
    acr="urn:yett:multi-factor",
    amr=("pwd", "otp"),
    auth_time=NOW + 0.125,
    nonce="n",
    created=NOW,
    expires=NOW + 100,
)


def added(store, **fields):
    grant = msgspec.structs.replace(FULL, **fields)
    store.write(lambda tx: add_grant(tx, grant))
    return grant


def found(store, identifier="g1"):
    with store.read() as tx:
        return find_grant(tx, identifier)


def test_all_of_it_comes_back(account_store):
    """Details, bytes and fractions of a second are what they were."""
    full = added(account_store, binding="jkt:x", key=b"\x00\xff", generation=3, rotated=NOW)
    assert found(account_store) == full
    assert found(account_store, "g2") is None


def test_a_grant_lives_until_it_ends(account_store):
    """Neither ended nor run out; the end itself is outside."""
    assert FULL.lives(NOW + 99.9)
    assert not FULL.lives(NOW + 100)
    assert not msgspec.structs.replace(FULL, ended=NOW).lives(NOW)


def test_of_many_rotations_one_is_done(account_store):
    """Sixteen threads on one generation: one comes through, and the generation is one further."""
    added(account_store)
    done = []

    def go():
        done.append(account_store.write(lambda tx: rotate_grant(tx, "g1", 0, NOW + 1)))

    threads = [threading.Thread(target=go) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == [False] * 15 + [True]
    assert (found(account_store).generation, found(account_store).rotated) == (1, NOW + 1)


def test_what_has_ended_is_not_rotated(account_store):
    """Ending and rotating at once: whichever is first, an ended family goes nowhere."""
    added(account_store, key=b"k")
    assert account_store.write(lambda tx: stop_grant(tx, "g1", NOW))
    assert not account_store.write(lambda tx: stop_grant(tx, "g1", NOW + 1))
    assert not account_store.write(lambda tx: rotate_grant(tx, "g1", 0, NOW))
    assert (found(account_store).ended, found(account_store).key) == (NOW, b"")


def test_key_and_binding_are_set_once(account_store):
    """The second key or binding is not taken."""
    added(account_store)
    assert account_store.write(lambda tx: keep_key(tx, "g1", b"k1", NOW))
    assert not account_store.write(lambda tx: keep_key(tx, "g1", b"k2", NOW))
    assert account_store.write(lambda tx: bind_grant(tx, "g1", "jkt:a"))
    assert not account_store.write(lambda tx: bind_grant(tx, "g1", "jkt:b"))
    assert (found(account_store).key, found(account_store).binding) == (b"k1", "jkt:a")


def test_living_ones_are_listed_by_whose_they_are(account_store):
    """By user, client and session, and none that is over."""
    added(account_store)
    added(account_store, id="g2", user="u_2", created=NOW + 1)
    added(account_store, id="g3", client="c_2", session="s2", created=NOW + 2)
    added(account_store, id="g4", ended=NOW)
    with account_store.read() as tx:
        names = lambda **who: [one.id for one in list_grants(tx, NOW + 1, **who)]  # noqa: E731
        assert names() == ["g1", "g2", "g3"]
        assert names(user="u_1") == ["g1", "g3"]
        assert names(client="c_1", user="u_1") == ["g1"]
        assert names(session="s2") == ["g3"]
        assert list_grants(tx, NOW + 100) == []


def test_what_is_long_over_is_removed(account_store):
    """Ended or run out before the time; what is not stays."""
    added(account_store)
    added(account_store, id="g2", ended=NOW)
    added(account_store, id="g3", expires=NOW + 500)
    assert account_store.write(lambda tx: forget_grants(tx, NOW)) == 0
    assert account_store.write(lambda tx: forget_grants(tx, NOW + 101)) == 2
    assert found(account_store, "g3") is not None
