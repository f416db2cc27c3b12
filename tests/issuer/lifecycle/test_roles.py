"""Roles by groups: given and taken with them; what an operator gave stays."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.lives import Lives

from yett.issuer.lifecycle.roles import cut_off, set_group_roles, settle_roles
from yett.issuer.people import set_roles
from yett.state.accounts.groups import add_group, add_members, drop_members, find_group
from yett.state.accounts.revocations import is_covered
from yett.state.accounts.users import find_user
from yett.state.errors import StateError


@pytest.fixture
def lives(tmp_path):
    made = Lives(tmp_path)
    yield made
    made.server.store.close()


def group_with(lives, *ids, name="Clerks"):
    def work(tx):
        group = add_group(tx, name=name, now=NOW)
        add_members(tx, group.id, ids)
        return group

    return lives.write(work)


def carry(lives, group, *roles):
    lives.write(
        lambda tx: set_group_roles(lives.server, tx, find_group(tx, group.id), roles, by="cli:root")
    )


def leave(lives, group, user):
    def work(tx):
        drop_members(tx, group.id, [user.id])
        return settle_roles(lives.server, tx, find_user(tx, user.id), by="s_directory")

    return lives.write(work)


def test_a_role_goes_with_the_group(lives):
    """Taken at once, and the tokens with it; a role that is given cuts nothing off."""
    ben = lives.person("ben", roles=())
    group = group_with(lives, ben.id)
    carry(lives, group, "clerk")

    def covered():
        names = (("sub", ben.id),)
        asked = {"issuer": lives.server.url, "issued": lives.now, "now": lives.now}
        return lives.read(lambda tx: is_covered(tx, names, **asked))

    assert not covered()
    left = leave(lives, group, ben)
    assert (left.roles, left.grouped) == ((), ())
    assert covered()


def test_a_role_by_hand_is_kept(lives):
    """Also one that the group carries, too."""
    ben = lives.person("ben", roles=("clerk",))
    group = group_with(lives, ben.id)
    carry(lives, group, "clerk", "manager")
    assert leave(lives, group, ben).roles == ("clerk",)


def test_who_was_an_administrator_is_as_the_groups_say(lives):
    """Groups change nothing for an administrator; what they did meanwhile counts afterwards."""
    lives.person("bob", roles=("admin",))
    ben = lives.person("ben", roles=())
    group = group_with(lives, ben.id)
    carry(lives, group, "clerk")

    def given(*roles):
        return lives.write(
            lambda tx: set_roles(lives.server, tx, find_user(tx, ben.id), roles, by="cli:root")
        )

    assert given("clerk", "admin").grouped == ("clerk",)
    assert leave(lives, group, ben).roles == ("clerk", "admin")
    assert given("clerk").roles == ()


def test_no_group_carries_administration(lives):
    """Whoever keeps the directory would own the system."""
    group = group_with(lives)
    with pytest.raises(StateError, match="no group carries the role `admin`"):
        carry(lives, group, "clerk", "admin")


def test_a_cut_is_of_what_was_issued_until_now(lives):
    """A token of this very moment is refused, a later one is not."""
    ben = lives.person("ben")
    lives.write(lambda tx: cut_off(lives.server, tx, ben, now=NOW, by="t"))

    def covers(issued):
        asked = {"issuer": lives.server.url, "issued": issued, "now": NOW}
        return lives.read(lambda tx: is_covered(tx, (("sub", ben.id),), **asked))

    assert covers(NOW)
    assert not covers(NOW + 0.01)
