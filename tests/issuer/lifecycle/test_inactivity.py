"""Nobody idle keeps access for ever, nobody active loses it, and an administrator is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.accounts import NOW
from kit.lives import DAY, Lives

from yett.contract.identity_settings import InactivityConfig
from yett.issuer.lifecycle.inactivity import judge, tick
from yett.issuer.lifecycle.keys import read_keys
from yett.state.accounts.activity import note_uses
from yett.state.accounts.clients import find_client
from yett.state.accounts.grants import find_grant
from yett.state.accounts.notices import untold
from yett.state.accounts.passkeys import list_passkeys
from yett.state.accounts.revocations import in_force
from yett.state.accounts.users import ACTIVE, DISABLED, change_user, find_user

POLICY = InactivityConfig(warn=60, disable=90)


@pytest.fixture
def lives(tmp_path):
    made = Lives(tmp_path, inactivity=POLICY)
    yield made
    made.server.store.close()


def at(lives, days):
    lives.now = NOW + days * DAY
    tick(lives.server, lives.now)


def user_of(lives, user):
    return lives.read(lambda tx: find_user(tx, user.id))


def kinds(lives):
    return [event.kind for _, event in lives.read(untold)]


def test_an_idle_account_is_warned_then_disabled(lives):
    """Warned after 60 days, disabled after 90 with all that it holds; its passkey row stays."""
    user = lives.person()
    _, grant, _, service = lives.equip(user)
    at(lives, 59)
    assert (user_of(lives, user).warned, kinds(lives)) == (0.0, [])
    at(lives, 60)
    at(lives, 60.05)
    assert user_of(lives, user).warned == NOW + 60 * DAY
    assert kinds(lives).count("account-idle") == 1
    at(lives, 89)
    assert user_of(lives, user).status == ACTIVE
    at(lives, 90)
    assert user_of(lives, user).status == DISABLED
    with lives.server.store.read() as tx:
        assert find_client(tx, service.id).status == "disabled"
        assert find_grant(tx, grant.id) is not None
        assert len(list_passkeys(tx, user.id)) == 1
    assert all(key.revoked for key in read_keys(lives.server))
    assert kinds(lives).count("account-disabled") == 1


def test_a_call_counts_as_use(lives):
    """Who calls the API by a key or token, and never signs in, is not idle."""
    user = lives.person()
    at(lives, 61)
    assert user_of(lives, user).warned
    lives.write(lambda tx: note_uses(tx, {("user", "ada"): NOW + 80 * DAY}))
    assert user_of(lives, user).warned == 0.0
    at(lives, 130)
    assert user_of(lives, user).status == ACTIVE
    at(lives, 141)
    at(lives, 172)
    assert user_of(lives, user).status == DISABLED


def test_the_last_administrator_is_warned_and_kept(lives):
    """Idle administrators are disabled down to one, whatever their order."""
    people = [lives.person(f"root{number}", roles=("admin",)) for number in range(3)]
    at(lives, 60)
    for days in (90, 91, 400):
        at(lives, days)
    states = [user_of(lives, one).status for one in people]
    assert sorted(states) == [ACTIVE, DISABLED, DISABLED]


def test_an_account_idle_for_years_is_warned_first(lives):
    """Switching the policy on disables nobody the same day."""
    user = lives.person()
    at(lives, 1000)
    assert user_of(lives, user).status == ACTIVE
    at(lives, 1029)
    assert user_of(lives, user).status == ACTIVE
    at(lives, 1030)
    assert user_of(lives, user).status == DISABLED


def test_an_idle_service_is_warned_then_disabled(lives):
    """A service account without calls ends, though its owner is active."""
    user = lives.person()
    service = lives.service(user)
    for days in (60, 90):
        lives.write(lambda tx, d=days: note_uses(tx, {("user", user.id): NOW + d * DAY}))
        at(lives, days)
    assert lives.read(lambda tx: find_client(tx, service.id)).status == "disabled"
    assert user_of(lives, user).status == ACTIVE
    assert "client-idle" in kinds(lives)


def test_what_a_disabled_person_owned_ends(tmp_path):
    """Keys and services of an owner whom somebody disabled end, also without a policy."""
    lives = Lives(tmp_path)
    user = lives.person()
    key = lives.key("ada")
    lives.write(lambda tx: change_user(tx, user, now=NOW, status=DISABLED))
    at(lives, 1)
    assert [one.revoked for one in read_keys(lives.server)] == [lives.now]
    rows = lives.read(lambda tx: in_force(tx, lives.now))
    assert [(row.kind, row.value, row.reason) for row in rows] == [
        ("key", key.id, "owner-disabled")
    ]
    at(lives, 2)
    assert len(lives.read(lambda tx: in_force(tx, lives.now))) == 1


def test_an_idle_key_ends_and_a_used_one_stays(lives):
    """Each key by its own use; its owner's other activity does not keep it."""
    user = lives.person()
    idle, used = lives.key("ada"), lives.key("ada")
    uses = {("key", used.id): NOW + 50 * DAY, ("user", user.id): NOW + 50 * DAY}
    lives.write(lambda tx: note_uses(tx, uses))
    at(lives, 90)
    assert {one.id: bool(one.revoked) for one in read_keys(lives.server)} == {
        idle.id: True,
        used.id: False,
    }


def test_without_a_policy_nobody_is_idle(tmp_path):
    """No setting, no judgement."""
    lives = Lives(tmp_path)
    user = lives.person()
    at(lives, 3000)
    assert user_of(lives, user).warned == 0.0


@given(
    st.integers(1, 100),
    st.integers(0, 100),
    st.floats(0, 1e10),
    st.floats(0, 1e10),
    st.floats(0, 1e10),
)
def test_nothing_is_disabled_unwarned(warn, more, used, warned, now):
    """Whatever the times: disabled only after `disable` days of silence and a warning."""
    policy = InactivityConfig(warn=warn, disable=warn + more)
    verdict = judge(policy, used=used, warned=warned, now=now)
    if verdict == "disable":
        assert warned
        assert now - used >= policy.disable * DAY
        assert now - warned >= (policy.disable - policy.warn) * DAY
    if verdict == "warn":
        assert not warned
