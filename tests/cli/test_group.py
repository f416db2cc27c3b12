"""`yett group`: an operator says which roles the groups of a directory carry."""

from __future__ import annotations

import json

import pytest
from kit.account_folder import accounts, yett

from yett.cli.account_place import opened
from yett.state.accounts.groups import add_group, add_members
from yett.state.accounts.users import add_user, find_login

__all__ = ["accounts", "yett"]


@pytest.fixture
def clerks(accounts):
    """A group with one person, `ben`."""

    def work(tx):
        group = add_group(tx, name="Clerks", now=1.0)
        add_members(tx, group.id, [add_user(tx, login="ben", now=1.0).id])
        return group

    with opened(accounts) as server:
        return server.store.write(work)


def test_roles_are_given_to_a_group(accounts, yett, clerks):
    """Everybody in it has them at once, and loses them with it."""
    assert yett("group", "roles", "clerks", "--add", "clerk").stdout == "clerk\n"
    with opened(accounts) as server, server.store.read() as tx:
        assert find_login(tx, "ben").roles == ("clerk",)
    (row,) = json.loads(yett("group", "list", "--format", "json").stdout)
    assert (row["name"], row["roles"], row["members"]) == ("Clerks", ["clerk"], 1)
    shown = yett("group", "show", clerks.id).stdout
    assert "Clerks  clerk" in shown
    assert "ben" in shown
    assert json.loads(yett("group", "show", "Clerks", "--format", "json").stdout)["members"]
    assert "1 members" in yett("group", "list").stdout
    assert yett("group", "roles", "Clerks", "--remove", "clerk").stdout == ""
    with opened(accounts) as server, server.store.read() as tx:
        assert find_login(tx, "ben").roles == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("roles", "Clerks", "--add", "admin"), "no group carries the role `admin`"),
        (("roles", "Clerks", "--add", "clrk"), "did you mean `clerk`"),
        (("roles", "Clerks", "--remove", "clerk"), "does not carry the role `clerk`"),
        (("show", "Nobody"), "there is no group `Nobody`"),
    ],
)
@pytest.mark.usefixtures("clerks")
def test_mistakes_are_explained(yett, words, message):
    """No administrators by a group, no unknown roles and groups; each with a next step."""
    assert message in yett("group", *words, code=2).output
