"""Tickets: good once, for their purpose and holder, until they expire."""

from __future__ import annotations

import threading

import pytest

from yett.state.accounts.tickets import (
    Ticket,
    add_ticket,
    drop_expired,
    end_tickets,
    find_ticket,
    hold_ticket,
    make_room,
    spend,
    take_ticket,
)

NOW = 1_800_000_000.0
TICKET = Ticket(digest="d1", purpose="enrol", user="u_1", data={"r": "x"}, expires=NOW + 60)


def put(store, ticket=TICKET):
    store.write(lambda tx: add_ticket(tx, ticket))


def take(store, digest="d1", purpose="enrol", holder="", now=NOW):
    return store.write(lambda tx: take_ticket(tx, digest, purpose, holder=holder, now=now))


def test_a_ticket_is_taken_once(account_store):
    """The first taker gets it with its data, everybody after nothing."""
    put(account_store)
    assert take(account_store) == TICKET
    assert take(account_store) is None
    with account_store.read() as tx:
        assert find_ticket(tx, "d1", "enrol", NOW) is None


def test_of_many_takers_one_gets_it(account_store):
    """Compare-and-set holds under threads on both engines."""
    put(account_store)
    got = []
    threads = [threading.Thread(target=lambda: got.append(take(account_store))) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(one is not None for one in got) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"digest": "d2"}, {"purpose": "sso"}, {"holder": "b1"}, {"now": NOW + 60}],
    ids=["unknown", "purpose", "holder", "expired"],
)
def test_a_ticket_for_something_else_is_none(account_store, wrong):
    """A ticket is not good for another purpose, holder or time, and a wrong try leaves it good."""
    put(account_store)
    assert take(account_store, **wrong) is None
    assert take(account_store) == TICKET


def test_the_first_holder_keeps_it(account_store):
    """Once bound to a browser it is no other browser's, nor nobody's."""
    put(account_store)

    def hold(holder, now=NOW):
        return account_store.write(
            lambda tx: hold_ticket(tx, "d1", "enrol", holder=holder, now=now)
        )

    assert hold("b1")
    assert hold("b1")
    assert not hold("b2")
    assert not hold("b1", NOW + 60)
    assert take(account_store) is None
    assert take(account_store, holder="b2") is None
    assert take(account_store, holder="b1").user == "u_1"


def test_something_is_spent_once(account_store):
    """Of many who spend the same thing at once, one does."""
    spent = []

    def pay():
        spent.append(
            account_store.write(lambda tx: spend(tx, "c1", "challenge", expires=NOW + 60, now=NOW))
        )

    threads = [threading.Thread(target=pay) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(spent) == [False] * 5 + [True]


def test_tickets_of_a_user_can_be_ended(account_store):
    """A new invitation ends the old ones, of that purpose only."""
    put(account_store)
    put(account_store, Ticket(digest="d2", purpose="sso", user="u_1", expires=NOW + 60))
    assert account_store.write(lambda tx: end_tickets(tx, "u_1", "enrol", NOW)) == 1
    assert take(account_store) is None
    assert take(account_store, digest="d2", purpose="sso") is not None


def test_expired_tickets_are_dropped(account_store):
    """What has expired goes, what has not stays."""
    put(account_store)
    assert account_store.write(lambda tx: drop_expired(tx, NOW + 59)) == 0
    assert account_store.write(lambda tx: drop_expired(tx, NOW + 60)) == 1


def test_room_is_made_among_those_of_one_purpose(account_store):
    """The oldest go until one more fits; tickets for anything else stay."""
    put(account_store)
    for number in range(4):
        put(account_store, Ticket(digest=f"s{number}", purpose="sso", expires=NOW + 100 + number))
    account_store.write(lambda tx: make_room(tx, "sso", 3))
    with account_store.read() as tx:
        kept = [name for name in ("s0", "s1", "s2", "s3") if find_ticket(tx, name, "sso", NOW)]
        assert kept == ["s2", "s3"]
        assert find_ticket(tx, "d1", "enrol", NOW) is not None
