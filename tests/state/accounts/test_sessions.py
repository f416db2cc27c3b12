"""Sessions: the cookie changes, the id stays, an end is an end."""

from __future__ import annotations

import threading

from yett.state.accounts.sessions import (
    add_session,
    drop_expired_sessions,
    end_all,
    end_session,
    find_cookie,
    find_session,
    hold_session,
    list_sessions,
    rotate_session,
    saw_session,
)

NOW = 1_800_000_000.0


def put(store, digest="d1", user="u_1", **more):
    more = {"expires": NOW + 3600, "acr": "a", "amr": ("pwd",), "now": NOW, **more}
    return store.write(lambda tx: add_session(tx, digest=digest, user=user, **more))


def rotate(store, session, digest="d2", now=NOW + 5):
    return store.write(
        lambda tx: rotate_session(tx, session, digest=digest, acr="b", amr=("hwk",), now=now)
    )


def test_a_session_is_found_by_its_cookie_and_its_id(account_store):
    """What was begun comes back; the user agent is cut to what a list shows."""
    session = put(account_store, source="192.0.2.1", agent="x" * 300)
    with account_store.read() as tx:
        assert find_cookie(tx, "d1") == session
        assert find_session(tx, session.id) == session
        assert find_cookie(tx, "d9") is None
    assert len(session.agent) == 200


def test_rotation_changes_the_cookie_and_keeps_the_id(account_store):
    """After a rotation the old cookie names nothing."""
    session = put(account_store)
    after = rotate(account_store, session)
    assert (after.id, after.acr, after.amr, after.auth_time) == (session.id, "b", ("hwk",), NOW + 5)
    with account_store.read() as tx:
        assert find_cookie(tx, "d1") is None
        assert find_cookie(tx, "d2") == after


def test_of_two_rotations_one_wins(account_store):
    """Compare-and-set: whoever read the old cookie last does not steal the new one."""
    session = put(account_store)
    got = []
    threads = [
        threading.Thread(target=lambda n=n: got.append(rotate(account_store, session, f"n{n}")))
        for n in range(6)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(one is not None for one in got) == 1


def test_an_ended_session_does_not_come_back(account_store):
    """It ends once, cannot be rotated, and is listed no more."""
    session = put(account_store)
    assert account_store.write(lambda tx: end_session(tx, session.id, NOW + 1))
    assert not account_store.write(lambda tx: end_session(tx, session.id, NOW + 2))
    assert rotate(account_store, session) is None
    with account_store.read() as tx:
        assert list_sessions(tx, "u_1", NOW) == []
        assert find_session(tx, session.id).ended == NOW + 1


def test_all_but_one_end(account_store):
    """A person's sessions can be ended but for the one at hand; others' stay."""
    mine, other = put(account_store), put(account_store, "d2")
    put(account_store, "d3", "u_2")
    ended = account_store.write(lambda tx: end_all(tx, "u_1", NOW, without=mine.id))
    assert ended == [other.id]
    with account_store.read() as tx:
        assert [one.id for one in list_sessions(tx, "u_1", NOW)] == [mine.id]
        assert len(list_sessions(tx, "u_2", NOW)) == 1


def test_use_is_written_once_a_minute(account_store):
    """Being seen moves `seen`, at most every minute, and never back."""
    session = put(account_store)
    account_store.write(lambda tx: saw_session(tx, session, NOW + 59))
    with account_store.read() as tx:
        assert find_session(tx, session.id).seen == NOW
    account_store.write(lambda tx: saw_session(tx, session, NOW + 61))
    account_store.write(lambda tx: saw_session(tx, session, NOW + 60))
    with account_store.read() as tx:
        assert find_session(tx, session.id).seen == NOW + 61


def test_expired_sessions_are_listed_no_more_and_dropped(account_store):
    """An expired session is gone from the list at once, from the table later."""
    put(account_store)
    with account_store.read() as tx:
        assert list_sessions(tx, "u_1", NOW + 3600) == []
    assert account_store.write(lambda tx: drop_expired_sessions(tx, NOW + 3601)) == 1


def test_a_session_that_is_held_was_used(account_store):
    """It is written each time, and never once it has ended."""
    session = put(account_store)
    assert account_store.write(lambda tx: hold_session(tx, session.id, NOW + 1))
    with account_store.read() as tx:
        assert find_session(tx, session.id).seen == NOW + 1
    account_store.write(lambda tx: end_session(tx, session.id, NOW + 2))
    assert not account_store.write(lambda tx: hold_session(tx, session.id, NOW + 3))
