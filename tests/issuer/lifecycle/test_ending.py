"""Ending what an account holds: all of it at once, never the last administrator."""

from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW
from kit.lives import DAY, Lives

from yett.issuer.enrol import invite
from yett.issuer.lifecycle.ending import disable_user, end_all, sign_out
from yett.issuer.lifecycle.keys import read_keys
from yett.issuer.server import digest
from yett.state.accounts.clients import find_client
from yett.state.accounts.grants import find_grant
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import list_passkeys
from yett.state.accounts.revocations import in_force
from yett.state.accounts.sessions import find_session
from yett.state.accounts.tickets import find_ticket
from yett.state.accounts.users import DISABLED, add_user, count_active, find_user
from yett.state.errors import StateError


@pytest.fixture
def lives(tmp_path):
    made = Lives(tmp_path)
    yield made
    made.server.store.close()


def ended(lives, user, **more):
    keys = read_keys(lives.server)
    return lives.write(
        lambda tx: end_all(lives.server, tx, user, keys, reason="test", by="cli:x", **more)
    )


def test_everything_ends_together(lives):
    """Session, grant, key, service and tokens: each is refused at the gate afterwards."""
    user = lives.person()
    session, grant, key, service = lives.equip(user)
    found = ended(lives, user)
    assert (found.sessions, found.grants) == ((session.id,), (grant.id,))
    assert (found.keys, found.services, found.passkeys) == ((key.id,), (service.id,), ())
    named = {(row.kind, row.value) for row in lives.read(lambda tx: in_force(tx, NOW))}
    assert named == {
        ("sid", session.id),
        ("grant", grant.id),
        ("key", key.id),
        ("client", service.id),
        ("sub", service.id),
        ("sub", user.id),
    }
    with lives.server.store.read() as tx:
        assert find_session(tx, session.id).ended == NOW
        assert find_grant(tx, grant.id).ended == NOW
        assert find_client(tx, service.id).status == "disabled"
        assert find_user(tx, user.id).status == "active"


def test_nothing_ends_when_it_fails(lives):
    """A transaction that breaks off half way has ended nothing."""
    user = lives.person()
    session, grant, _, _ = lives.equip(user)
    keys = read_keys(lives.server)

    def work(tx):
        end_all(lives.server, tx, user, keys, reason="", by="")
        raise KeyError

    with pytest.raises(KeyError):
        lives.write(work)
    with lives.server.store.read() as tx:
        assert in_force(tx, NOW) == []
        assert find_session(tx, session.id).ended == 0.0
        assert find_grant(tx, grant.id).ended == 0.0


def test_others_keep_theirs(lives):
    """Who shares nothing with the account loses nothing."""
    user, other = lives.person(), lives.person("ben")
    key = lives.key("ben")
    lives.equip(user)
    assert key.id not in ended(lives, user).keys
    revoked = {row.value for row in lives.read(lambda tx: in_force(tx, NOW))}
    assert not revoked & {other.id, key.id}


def test_a_cut_off_spares_what_is_issued_later(lives):
    """Whoever signs in again is let in: the subject is cut off, not banned."""
    user = lives.person()
    lives.now = NOW + 5
    lives.write(lambda tx: sign_out(lives.server, tx, user, reason="", by=""))
    (row,) = lives.read(lambda tx: in_force(tx, NOW))
    assert (row.kind, row.before) == ("sub", NOW + 5)
    assert row.expires > NOW + lives.server.settings.session_lifetime


def test_passkeys_end_only_where_they_are_named(lives):
    """They are kept for audit: the rows stay, marked."""
    user = lives.person()
    lives.equip(user)
    assert ended(lives, user, passkeys=True).passkeys == ("p" + user.id,)
    with lives.server.store.read() as tx:
        assert list_passkeys(tx, user.id) == []
        assert [one.revoked for one in list_passkeys(tx, user.id, revoked=True)] == [NOW]


def test_each_ending_is_recorded(lives):
    """What was done is in the notices, by whom and why."""
    user = lives.person()
    lives.equip(user)
    keys = read_keys(lives.server)
    lives.write(lambda tx: disable_user(lives.server, tx, user, keys, reason="left", by="cli:root"))
    told = {event.kind: event.note for _, event in lives.read(untold)}
    assert told["account-disabled"] == "left, by cli:root"
    assert {"session-ended", "grant-ended", "key-revoked", "client-disabled"} <= told.keys()


def test_the_last_administrator_is_kept(lives):
    """Somebody must be able to let the others in again."""
    admin = lives.person("root", roles=("admin",))
    with pytest.raises(StateError, match="last administrator"):
        lives.write(lambda tx: disable_user(lives.server, tx, admin, (), reason="", by=""))
    second = lives.person("second", roles=("admin",))
    lives.write(lambda tx: disable_user(lives.server, tx, admin, (), reason="", by=""))
    with pytest.raises(StateError, match="last administrator"):
        lives.write(lambda tx: disable_user(lives.server, tx, second, (), reason="", by=""))


def test_two_that_disable_each_other_leave_one(account_store, tmp_path):
    """Two transactions at once, each of which sees the other administrator, end only one."""
    lives = Lives(tmp_path)
    lives.server.store = account_store
    for _ in range(3):
        names = [f"root-{number}-{_}" for number in range(2)]
        people = [
            account_store.write(lambda tx, n=name: add_user(tx, login=n, roles=("admin",), now=NOW))
            for name in names
        ]
        barrier, failed = threading.Barrier(2), []

        def disable(user, barrier=barrier, failed=failed):
            barrier.wait(10)

            def work(tx):
                found = find_user(tx, user.id)
                disable_user(lives.server, tx, found, (), reason="", by="")

            try:
                account_store.write(work)
            except StateError as error:
                failed.append(error)

        threads = [threading.Thread(target=disable, args=(one,)) for one in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with account_store.read() as tx:
            assert count_active(tx, "admin") >= 1
            left = [find_user(tx, one.id).status for one in people].count(DISABLED)
        assert left + len(failed) == 2
        for one in people:  # the next round begins without administrators
            account_store.write(lambda tx, n=one.id: _remove(tx, n))


def _remove(tx, id_):
    from yett.state.accounts.tables import users  # noqa: PLC0415

    tx.execute(users.delete().where(users.c.id == id_))


def test_a_disabled_account_can_be_ended_again(lives):
    """Disabling twice is no error and ends what came meanwhile."""
    user = lives.person()
    for _ in range(2):
        found = lives.read(lambda tx: find_user(tx, user.id))
        lives.write(lambda tx, u=found: disable_user(lives.server, tx, u, (), reason="", by=""))
    lives.now += DAY
    assert lives.read(lambda tx: find_user(tx, user.id)).disabled == NOW


def test_an_old_invitation_lets_nobody_in_again(lives):
    """Its link is over with the account, and stays so when that is enabled once more."""
    user = lives.person()
    secret = lives.write(lambda tx: invite(lives.server, tx, user, now=NOW, by="")).split("#")[1]
    ended(lives, user)
    assert lives.read(lambda tx: find_ticket(tx, digest(secret), "enrol", NOW)) is None
