"""A group as a SCIM group and as a row with its members."""

from __future__ import annotations

from typing import Any

from scim2_models import Context
from sqlalchemy import Connection

from yett.issuer.scim.answers import place, version
from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.membership import Wanted, ids_of
from yett.issuer.scim.models import TOLERANT
from yett.issuer.scim.models import Group as GroupModel
from yett.issuer.scim.person import moment
from yett.issuer.server import Server
from yett.state.accounts.groups import Group, count_members, members_of

MAX_LISTED_MEMBERS = 10_000  # on one page; groups that would make it more wait for the next one


def read_whole(said: dict[str, Any]) -> Wanted:
    """Read a whole group.

    Raises:
        ScimError: a member is none.
        ValidationError: it breaks its schema.
    """
    named = {name.lower(): value for name, value in said.items()}
    members = named.pop("members", None) or []
    if not isinstance(members, list):
        raise ScimError(400, "`members` is a list", "invalidValue")
    # Checked without its members, of which there may be thousands.
    rest = {name: value for name, value in said.items() if name.lower() != "members"}
    context = Context.RESOURCE_REPLACEMENT_REQUEST
    group = GroupModel.model_validate(rest, scim_ctx=context, scim_policy=TOLERANT)
    return Wanted(
        name=group.display_name or "",
        external=group.external_id or "",
        members=ids_of(members) if members else frozenset(),
    )


def shows_members(showing: Any) -> bool:
    """Whether members are among what is to be answered: they are not looked up for nothing."""
    names = [_attribute(one) for one in showing.attributes or ()]
    without = [str(one).rpartition(":")[2].lower() for one in showing.excluded_attributes or ()]
    return (not names or "members" in names) and "members" not in without


def _attribute(path: object) -> str:
    return str(path).rpartition(":")[2].partition(".")[0].lower()


def first_few(tx: Connection, found: list[Group]) -> list[Group]:
    """Return the first groups of a page, as long as their members are not too many."""
    counts, total = count_members(tx, [one.id for one in found]), 0
    kept: list[Group] = []
    for one in found:
        total += counts[one.id]
        if kept and total > MAX_LISTED_MEMBERS:
            break
        kept.append(one)
    return kept


def as_group(server: Server, tx: Connection, group: Group, *, bare: bool = False) -> Any:
    """Write a group; `bare` without its members."""
    members = [
        {"value": one, "$ref": place(server, f"/Users/{one}"), "type": "User"}
        for one in ([] if bare else members_of(tx, group.id))
    ]
    return GroupModel.model_validate(
        {
            "id": group.id,
            "externalId": group.external or None,
            "displayName": group.name,
            "members": members or None,
            "meta": {
                "resourceType": "Group",
                "created": moment(group.created),
                "lastModified": moment(group.changed),
                "location": place(server, f"/Groups/{group.id}"),
                "version": version(group.etag),
            },
        }
    )
