"""What an administrator does to people; the commands are in tests/cli/test_user.py."""

from __future__ import annotations

import msgspec
import pytest
from kit.accounts import make_server

from yett.contract.identity_settings import ProviderConfig
from yett.issuer import people
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force
from yett.state.accounts.users import change_user, find_user, list_users
from yett.state.errors import StateError

CORP = ProviderConfig(name="corp", url="https://corp.example", client_id="yett", secret="x")


@pytest.fixture
def server(tmp_path):
    """An issuer with a provider."""
    made = make_server(tmp_path, provider=(CORP,))
    yield made
    made.store.close()


def write(server, act, *arguments, **more):
    return server.store.write(lambda tx: act(server, tx, *arguments, by="cli:root", **more))


def test_who_is_invited_cannot_sign_in_yet(server):
    """The account waits, with its roles, for the passkey."""
    user, link = write(server, people.add_person, login="ana", roles=("clerk", "clerk"))
    assert user.status == "invited"
    assert link.startswith(server.at("/enrol#"))


def test_a_change_that_came_first_wins(server):
    """An account that was changed meanwhile is not overwritten."""
    user, _ = write(server, people.add_person, login="ana")
    server.store.write(lambda tx: change_user(tx, user, now=1.0, name="Ana"))
    with pytest.raises(StateError, match="meanwhile"):
        write(server, people.set_roles, user, ("clerk",))


def test_giving_a_role_refuses_no_token(server):
    """Only taking one does: a token that says less than is true does no harm."""
    user, _ = write(server, people.add_person, login="ana")
    user = write(server, people.set_roles, user, ("clerk", "clerk", "manager"))
    assert user.roles == ("clerk", "manager")
    with server.store.read() as tx:
        assert in_force(tx, server.clock()) == []
    write(server, people.set_roles, user, ())
    with server.store.read() as tx:
        (row,) = in_force(tx, server.clock())
    assert (row.kind, row.value, row.issuer) == ("sub", user.id, server.url)
    assert row.before <= server.clock() + 1


def test_enabling_who_is_not_disabled_changes_nothing(server, person):
    """It is asked for twice without harm."""
    assert write(server, people.enable_user, person) == person


def test_enabling_forgets_that_nobody_came(server):
    """The inactivity policy begins anew, or it would disable the account within the hour."""
    user, _ = write(server, people.add_person, login="ana")
    fields = {"status": "disabled", "disabled": 5.0, "warned": 4.0}
    user = server.store.write(lambda tx: change_user(tx, user, now=1.0, **fields))
    user = write(server, people.enable_user, user)
    assert (user.disabled, user.warned) == (0.0, 0.0)
    assert user.active > 1.0


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\nb"])
def test_a_subject_is_an_identifier(server, person, subject):
    """What no provider says is refused."""
    with pytest.raises(StateError, match="no subject"):
        write(server, people.link_by_hand, person, "corp", subject)


def test_linking_twice_is_once(server, person):
    """The second time changes nothing, and is not put down again."""
    for _ in range(2):
        write(server, people.link_by_hand, person, "corp", "42")
    with server.store.read() as tx:
        kinds = [event.kind for _, event in untold(tx)]
    assert kinds.count("account-linked") == 1


def test_each_act_is_put_down_with_who_did_it(server):
    """The ledger learns of each, in the same transaction."""
    user, _ = write(server, people.add_person, login="ana")
    user = write(server, people.set_roles, user, ("clerk",))
    user = write(server, people.link_by_hand, user, "corp", "42")
    write(server, people.unlink_by_hand, user, "corp", "42")
    with server.store.read() as tx:
        events = [event for _, event in untold(tx)]
        assert find_user(tx, user.id).status == "active"
    assert [event.kind for event in events] == [
        "account-made",
        "user-invited",
        "roles-changed",
        "account-linked",
        "account-unlinked",
    ]
    assert all("by cli:root" in msgspec.to_builtins(event)["note"] for event in events)


def test_everybody_is_met_once(server, monkeypatch):
    """A page at a time, in the order of login names, whatever a page holds."""
    names = [f"user-{at}" for at in range(7)]
    for name in reversed(names):
        write(server, people.add_person, login=name)
    list_two = lambda tx, after: list_users(tx, after=after, limit=2)  # noqa: E731
    monkeypatch.setattr(people, "list_users", list_two)
    assert [user.login for user in people.everybody(server)] == names
