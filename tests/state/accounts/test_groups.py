"""Groups and their members, on both engines."""

from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.state.accounts.groups import (
    add_group,
    add_members,
    change_group,
    count_members,
    drop_group,
    drop_members,
    drop_memberships,
    find_group,
    find_group_named,
    groups_of,
    known_people,
    list_groups,
    members_of,
    new_group_id,
)
from yett.state.accounts.users import add_user, change_user, find_user
from yett.state.errors import StateError


@pytest.fixture
def write(account_store):
    return account_store.write


def people(tx, *names):
    return [add_user(tx, login=name, now=NOW).id for name in names]


def test_a_group_is_found_by_id_and_name(write):
    """However the name is cased; ids are never the same."""
    group = write(lambda tx: add_group(tx, name="Straße Clerks", external="e", now=NOW))
    assert write(lambda tx: find_group(tx, group.id)) == group
    assert write(lambda tx: find_group_named(tx, "STRAßE clerks")) == group
    assert write(lambda tx: find_group(tx, "g_none")) is None
    assert write(lambda tx: find_group_named(tx, "none")) is None
    assert new_group_id() != new_group_id()


@pytest.mark.parametrize("name", ["", " ", "x" * 257, "a\nb", "a\u202eb", "CLERKS"])
def test_a_name_is_readable_and_one_groups(write, name):
    """Empty, too long, unprintable or taken: refused, at making and at renaming."""
    write(lambda tx: add_group(tx, name="Clerks", now=NOW))
    with pytest.raises(StateError):
        write(lambda tx: add_group(tx, name=name, now=NOW))
    other = write(lambda tx: add_group(tx, name="Others", now=NOW))
    with pytest.raises(StateError):
        write(lambda tx: change_group(tx, other, now=NOW, name=name))


def test_changes_need_the_etag_that_was_read(write):
    """A second change from the same reading is none; nor is a deletion."""
    group = write(lambda tx: add_group(tx, name="Clerks", now=NOW))
    changed = write(lambda tx: change_group(tx, group, now=NOW + 1, roles=("clerk",)))
    assert (changed.roles, changed.etag, changed.changed) == (("clerk",), 2, NOW + 1)
    assert write(lambda tx: change_group(tx, group, now=NOW, name="x")) is None
    assert not write(lambda tx: drop_group(tx, group))
    assert write(lambda tx: drop_group(tx, changed))


def test_members_come_and_go(write):
    """Each is in it once; groups count and list theirs."""
    ada, ben, eve = write(lambda tx: people(tx, "ada", "ben", "eve"))
    clerks = write(lambda tx: add_group(tx, name="Clerks", now=NOW))
    others = write(lambda tx: add_group(tx, name="Others", now=NOW))
    write(lambda tx: add_members(tx, clerks.id, [ada, ben, eve]))
    write(lambda tx: add_members(tx, others.id, [ada]))
    write(lambda tx: add_members(tx, others.id, []))
    assert write(lambda tx: members_of(tx, clerks.id)) == sorted([ada, ben, eve])
    counted = write(lambda tx: count_members(tx, [clerks.id, others.id, "g_none"]))
    assert counted == {clerks.id: 3, others.id: 1, "g_none": 0}
    assert write(lambda tx: [one.name for one in groups_of(tx, ada)]) == ["Clerks", "Others"]
    write(lambda tx: drop_members(tx, clerks.id, [ben, "u_none"]))
    write(lambda tx: drop_memberships(tx, ada))
    assert write(lambda tx: members_of(tx, clerks.id)) == [eve]
    write(lambda tx: drop_group(tx, clerks))
    assert write(lambda tx: groups_of(tx, eve)) == []


def test_who_was_deleted_is_nobody(write):
    """Not among the people who may be put into a group; many are asked about in pieces."""
    ids = write(lambda tx: people(tx, *(f"p{number}" for number in range(3))))

    def delete(tx):
        change_user(tx, find_user(tx, ids[0]), now=NOW, deleted=NOW)

    write(delete)
    asked = [*ids, *(f"u_{number}" for number in range(1200))]
    assert write(lambda tx: known_people(tx, asked)) == set(ids[1:])


def test_groups_are_listed_a_page_at_a_time(write):
    """In the order of their names."""
    for name in ("b", "a", "c"):
        write(lambda tx, name=name: add_group(tx, name=name, now=NOW))
    assert [one.name for one in write(lambda tx: list_groups(tx, limit=2))] == ["a", "b"]
    assert [one.name for one in write(lambda tx: list_groups(tx, after="b"))] == ["c"]
