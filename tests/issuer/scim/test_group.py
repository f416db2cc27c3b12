"""A SCIM group as it is read and written."""

from __future__ import annotations

import pytest
from kit.directory import GROUP
from pydantic import ValidationError
from scim2_models import ResponseParameters

from yett.issuer.scim.group import as_group, read_whole, shows_members
from yett.issuer.scim.models import Group
from yett.state.accounts.groups import find_group


def test_a_whole_group_is_read():
    """Name, the directory's id and members; unknown attributes are dropped."""
    members = [{"value": "u_a", "display": "x"}, {"value": "u_a"}]
    said = {"schemas": [GROUP], "displayName": "C", "Members": members, "roles": ["x"]}
    wanted = read_whole({**said, "externalId": "e"})
    assert (wanted.name, wanted.external, wanted.members) == ("C", "e", {"u_a"})
    with pytest.raises(ValidationError):
        read_whole({"schemas": [GROUP]})


@pytest.mark.parametrize(
    ("asked", "shows"),
    [
        ({}, True),
        ({"attributes": "displayName"}, False),
        ({"attributes": "displayName,members.value"}, True),
        ({"attributes": f"{GROUP}:Members"}, True),
        ({"excludedAttributes": "members"}, False),
        ({"excludedAttributes": f"{GROUP}:members"}, False),
        ({"excludedAttributes": "displayName"}, True),
    ],
)
def test_members_are_looked_up_when_they_are_shown(asked, shows):
    """Thousands are not read for a list of names."""
    assert shows_members(ResponseParameters[Group].model_validate(asked)) == shows


def test_a_group_is_written_with_or_without_members(lives, directory):
    """With its place."""
    made = directory.group("Clerks", directory.add("ben")["id"])

    def write(tx, *, bare):
        return as_group(lives.server, tx, find_group(tx, made["id"]), bare=bare)

    assert lives.read(lambda tx: write(tx, bare=True)).members is None
    assert len(lives.read(lambda tx: write(tx, bare=False)).members) == 1
