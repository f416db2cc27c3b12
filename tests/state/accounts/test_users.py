"""People: one spelling of a name, one row each, changes under an etag."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.state.accounts.users import (
    DISABLED,
    add_user,
    change_user,
    count_active,
    find_external,
    find_login,
    find_user,
    fold_login,
    list_users,
    new_user_id,
    saw_user,
)
from yett.state.errors import StateError

NOW = 1_800_000_000.0


def add(store, login="ada", **more):
    return store.write(lambda tx: add_user(tx, login=login, now=NOW, **more))


def test_what_was_added_is_found(account_store):
    """A person is found by id, by any spelling of the login name, and by the directory's id."""
    user = add(
        account_store, "Ada@Example.com", roles=("admin",), external="e1", profile={"phone": "1"}
    )
    with account_store.read() as tx:
        assert find_user(tx, user.id) == user
        assert find_login(tx, " ADA@EXAMPLE.COM ") == user
        assert find_external(tx, "e1") == user
        assert find_external(tx, "") is None
        assert find_user(tx, "u_nobody") is None
    assert user.roles == ("admin",)
    assert user.profile == {"phone": "1"}


def test_a_name_is_one_persons(account_store):
    """A second spelling of a taken name is refused, also when both come at once."""
    add(account_store, "straße")
    with pytest.raises(StateError, match=r"the login name `strasse` is taken"):
        add(account_store, "STRASSE")
    refused = []

    def race():
        try:
            add(account_store, "bob")
        except Exception as error:  # noqa: BLE001 - either way of losing will do
            refused.append(error)

    threads = [threading.Thread(target=race) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(refused) == 3
    with account_store.read() as tx:
        assert len(list_users(tx)) == 2


@pytest.mark.parametrize(
    "login", ["", "   ", "a b", "a\u200bb", "a\nb", "a\x00", "\u202eada", "x" * 191]
)
def test_unseen_characters_are_refused(login):
    """A name that people cannot tell from another one is no name."""
    with pytest.raises(StateError):
        fold_login(login)


@given(st.text(min_size=1, max_size=30))
def test_folding_twice_is_folding_once(login):
    """The one spelling of a spelling is itself."""
    try:
        once = fold_login(login)
    except StateError:
        return
    assert fold_login(once) == once


def test_changes_need_the_etag_that_was_read(account_store):
    """Of two changes of what was read once, the second does nothing."""
    user = add(account_store)
    changed = account_store.write(
        lambda tx: change_user(tx, user, now=NOW + 1, roles=("clerk",), name="A")
    )
    assert changed.roles == ("clerk",)
    assert changed.etag == 2
    assert account_store.write(lambda tx: change_user(tx, user, now=NOW + 2, name="B")) is None
    with account_store.read() as tx:
        assert find_user(tx, user.id).name == "A"


def test_a_name_cannot_be_changed_into_somebody_elses(account_store):
    """Renaming follows the same rule as adding."""
    add(account_store, "bob")
    user = add(account_store, "ada")
    with pytest.raises(StateError, match="is taken"):
        account_store.write(lambda tx: change_user(tx, user, now=NOW, login="BOB"))
    renamed = account_store.write(lambda tx: change_user(tx, user, now=NOW, login="ADA"))
    assert renamed.login == "ada"


def test_the_active_holders_of_a_role_are_counted(account_store):
    """Disabled people hold no role, and one can be left out."""
    first = add(account_store, "a", roles=("admin", "clerk"))
    add(account_store, "b", roles=("admin",))
    add(account_store, "c", roles=("administrator",))
    add(account_store, "d", roles=("admin",), status=DISABLED)
    with account_store.read() as tx:
        assert count_active(tx, "admin") == 2
        assert count_active(tx, "admin", without=first.id) == 1


def test_people_are_listed_in_pages(account_store):
    """The list goes on after a name, and is bounded."""
    for login in ("c", "a", "b"):
        add(account_store, login)
    with account_store.read() as tx:
        assert [user.login for user in list_users(tx, limit=2)] == ["a", "b"]
        assert [user.login for user in list_users(tx, after="b")] == ["c"]


def test_use_moves_forward_only(account_store):
    """Being seen ends a warning, and an older sighting changes nothing."""
    user = add(account_store)
    account_store.write(lambda tx: change_user(tx, user, now=NOW, warned=NOW))
    account_store.write(lambda tx: saw_user(tx, user.id, NOW + 10))
    account_store.write(lambda tx: saw_user(tx, user.id, NOW + 5))
    with account_store.read() as tx:
        seen = find_user(tx, user.id)
    assert (seen.active, seen.warned) == (NOW + 10, 0.0)


def test_ids_and_reprs():
    """An id is `u_` and 16 characters; what prints a user prints neither hash nor profile."""
    assert len(new_user_id()) == 18
    assert new_user_id() != new_user_id()
