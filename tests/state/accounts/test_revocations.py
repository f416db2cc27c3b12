"""The log of revocations: what is in force, what a reader that follows it sees, what is pruned."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from yett.state.accounts.revocations import (
    KINDS,
    LIFTED_SECONDS,
    PRUNE_MARGIN_SECONDS,
    in_force,
    is_covered,
    last_number,
    lift,
    prune,
    revoke,
    since,
)
from yett.state.errors import StateError

NOW = 1_800_000_000.0


def put(store, value="ana", kind="sub", now=NOW, **more):
    return store.write(
        lambda tx: revoke(tx, kind, value, now=now, reason="left", by="cli:root", **more)
    )


def named(rows):
    return [(row.kind, row.value) for row in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_revoked_is_in_force(account_store, kind):
    """Each kind of revocation is kept with all that was said of it."""
    number = put(account_store, kind=kind, issuer="https://i", before=NOW - 5, expires=NOW + 9)
    with account_store.read() as tx:
        (row,) = in_force(tx, NOW)
    assert (row.number, row.kind, row.value, row.issuer) == (number, kind, "ana", "https://i")
    assert (row.before, row.reason, row.by, row.at) == (NOW - 5, "left", "cli:root", NOW)


@pytest.mark.parametrize(("kind", "value"), [("token", "a"), ("lift", "1"), ("sub", "")])
def test_nonsense_is_refused(account_store, kind, value):
    """Nobody revokes by an unknown kind, by nothing, or forges a lift."""
    with pytest.raises(StateError):
        put(account_store, value, kind)


def test_the_text_of_a_token_is_refused(account_store):
    """What is as long as a token cannot be an identifier."""
    with pytest.raises(StateError, match="characters"):
        put(account_store, "eyJ" + "a" * 2000, "jti")


def test_nothing_is_revoked_by_a_transaction_that_fails(account_store):
    """A revocation and what is done beside it happen together or not at all."""

    def work(tx):
        revoke(tx, "sub", "ana", now=NOW, reason="", by="x")
        raise KeyError

    with pytest.raises(KeyError):
        account_store.write(work)
    with account_store.read() as tx:
        assert in_force(tx, NOW) == []


def test_a_reader_that_follows_sees_each_row_once(account_store):
    """`since` gives rows in their order, so that following it misses and repeats nothing."""
    for value in "abcde":
        put(account_store, value)
    seen, at = [], 0
    with account_store.read() as tx:
        while rows := since(tx, at, 2):
            seen += [row.value for row in rows]
            at = rows[-1].number
        assert at == last_number(tx)
    assert seen == list("abcde")


def test_a_revocation_taken_back_is_not_in_force(account_store):
    """A mistake is undone by a further row, which followers see too; it can be undone once."""
    first, second = put(account_store, "ana"), put(account_store, "ben")

    def back(tx):
        return lift(tx, first, now=NOW, reason="mistake", by="cli:root")

    assert account_store.write(back).value == "ana"
    assert account_store.write(back) is None
    with account_store.read() as tx:
        assert named(in_force(tx, NOW)) == [("sub", "ben")]
        assert named(since(tx, second)) == [("lift", str(first))]


def test_a_lift_is_not_lifted(account_store):
    """The number of a lift, or one that does not exist, takes nothing back."""
    number = put(account_store)
    account_store.write(lambda tx: lift(tx, number, now=NOW, reason="", by="x"))
    for wrong in (number + 1, 4711):
        assert (
            account_store.write(lambda tx, n=wrong: lift(tx, n, now=NOW, reason="", by="")) is None
        )


def test_what_expired_is_no_longer_in_force(account_store):
    """A revocation whose tokens are all dead costs nobody a lookup."""
    put(account_store, "a", expires=NOW + 10)
    with account_store.read() as tx:
        assert len(in_force(tx, NOW + 9.9)) == 1
        assert in_force(tx, NOW + 10) == []


def test_pruning_keeps_what_may_still_cover_something(account_store):
    """Expired rows go after a margin, lifted ones after a day, lasting ones never."""
    put(account_store, "short", expires=NOW + 10)
    taken = put(account_store, "taken")
    put(account_store, "lasting")
    account_store.write(lambda tx: lift(tx, taken, now=NOW, reason="", by=""))
    put(account_store, "newest")
    assert account_store.write(lambda tx: prune(tx, NOW + 10)) == 0
    assert account_store.write(lambda tx: prune(tx, NOW + 11 + PRUNE_MARGIN_SECONDS)) == 1
    assert account_store.write(lambda tx: prune(tx, NOW + 1 + LIFTED_SECONDS)) == 2
    with account_store.read() as tx:
        assert [row.value for row in since(tx, 0)] == ["lasting", "newest"]


def test_a_number_is_never_used_again(account_store):
    """Pruning everything does not make the next revocation invisible to who follows."""
    number = put(account_store, "a", expires=NOW + 1)
    account_store.write(lambda tx: prune(tx, NOW + 10 * LIFTED_SECONDS))
    assert put(account_store, "b") > number


def test_numbers_become_visible_in_their_order(account_store):
    """A slow transaction cannot commit a number behind one that a reader has seen already."""
    inside, seen = threading.Event(), []

    def slow(tx):
        revoke(tx, "sub", "slow", now=NOW, reason="", by="")
        inside.set()
        # The other one waits for us: it can be seen only after this has committed.
        other.join(0.3)

    def quick():
        inside.wait(10)
        put(account_store, "quick")
        with account_store.read() as tx:
            seen.append([row.value for row in since(tx, 0)])

    other = threading.Thread(target=quick)
    other.start()
    account_store.write(slow)
    other.join(10)
    assert seen == [["slow", "quick"]]


def test_the_table_is_what_the_names_say(account_store):
    """The columns are readable by a plain SQL client, as an auditor has one."""
    put(account_store)
    with account_store.read() as tx:
        row = tx.execute(text("SELECT kind, value, reason FROM revocations")).one()
    assert tuple(row) == ("sub", "ana", "left")


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ({}, True),
        ({"issuer": "https://i"}, True),
        ({"issuer": "https://other"}, False),
        ({"before": NOW - 9}, True),
        ({"before": NOW - 10}, False),
        ({"expires": NOW + 1}, True),
        ({"expires": NOW}, False),
        ({"kind": "sid"}, False),
        ({"value": "bob"}, False),
    ],
)
def test_a_token_is_covered(account_store, more, good):
    """By a kind and value that it names, of its issuer, where it is older than the cut-off."""
    number = put(account_store, **more)
    names = (("sub", "ana"), ("jti", ""), ("client", "app"))

    def covered(names=names):
        with account_store.read() as tx:
            return is_covered(tx, names, issuer="https://i", issued=NOW - 10, now=NOW)

    assert covered() is good
    assert not covered(())
    account_store.write(lambda tx: lift(tx, number, now=NOW, reason="back", by="cli:root"))
    assert not covered()
