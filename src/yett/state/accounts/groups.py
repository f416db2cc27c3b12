"""Groups of people, as a directory keeps them, and who is in them.

A group's roles are an operator's to give; who is in it is the directory's to say. Names are unique
however they are cased. Ids are never reused.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from yett.state.accounts.tables import groups, members, users
from yett.state.errors import StateError

ID_BYTES = 10
MAX_NAME_CHARACTERS = 256
MAX_GROUPS_AT_ONCE = 500
CHUNK = 500  # of parameters in one statement


class Group(Struct, frozen=True, kw_only=True):
    """A row of `groups`; see `tables.py`."""

    id: str
    name: str
    external: str = ""
    roles: tuple[str, ...] = ()
    created: float = 0.0
    changed: float = 0.0
    etag: int = 1


def new_group_id() -> str:
    """Make the id of a group: `g_` and 16 characters."""
    return "g_" + base64.b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()


def add_group(tx: Connection, *, name: str, external: str = "", now: float) -> Group:
    """Add a group without roles and members.

    Raises:
        StateError: the name cannot be used, or is another group's.
    """
    _check_name(tx, name, "")
    group = Group(id=new_group_id(), name=name, external=external, created=now, changed=now)
    fields = {one: getattr(group, one) for one in Group.__struct_fields__}
    tx.execute(groups.insert().values(**{**fields, "roles": []}))
    return group


def find_group(tx: Connection, id: str) -> Group | None:  # noqa: A002 - as in users.py
    """Return a group by its id."""
    return _group(tx.execute(select(groups).where(groups.c.id == id)).first())


def find_group_named(tx: Connection, name: str) -> Group | None:
    """Return a group by its name, however it is cased."""
    # What one engine folds of other alphabets the other may not: the exact spelling always counts.
    same = (groups.c.name == name) | (func.lower(groups.c.name) == name.lower())
    return _group(tx.execute(select(groups).where(same).order_by(groups.c.id)).first())


def list_groups(tx: Connection, *, after: str = "", limit: int = MAX_GROUPS_AT_ONCE) -> list[Group]:
    """Return groups in the order of their names, those after one name."""
    rows = tx.execute(
        select(groups)
        .where(groups.c.name > after)
        .order_by(groups.c.name)
        .limit(min(limit, MAX_GROUPS_AT_ONCE))
    )
    return [group for row in rows if (group := _group(row)) is not None]


def change_group(tx: Connection, group: Group, *, now: float, **fields: Any) -> Group | None:
    """Change fields of a group as it was read; None when somebody changed it meanwhile.

    Raises:
        StateError: the new name cannot be used, or is another group's.
    """
    if "name" in fields:
        _check_name(tx, fields["name"], group.id)
    if "roles" in fields:
        fields["roles"] = list(fields["roles"])
    done = tx.execute(
        update(groups)
        .where(groups.c.id == group.id, groups.c.etag == group.etag)
        .values(**fields, changed=now, etag=group.etag + 1)
    )
    return find_group(tx, group.id) if done.rowcount == 1 else None


def drop_group(tx: Connection, group: Group) -> bool:
    """Delete a group as it was read, with its memberships; False when it was changed meanwhile."""
    same = (groups.c.id == group.id) & (groups.c.etag == group.etag)
    if tx.execute(delete(groups).where(same)).rowcount != 1:
        return False
    tx.execute(delete(members).where(members.c.group == group.id))
    return True


def members_of(tx: Connection, group: str) -> list[str]:
    """Return the ids of who is in a group, in their order."""
    mine = select(members.c.user).where(members.c.group == group)
    return [row.user for row in tx.execute(mine.order_by(members.c.user))]


def count_members(tx: Connection, ids: list[str]) -> dict[str, int]:
    """Return how many are in each of some groups."""
    rows = tx.execute(
        select(members.c.group, func.count())
        .where(members.c.group.in_(ids))
        .group_by(members.c.group)
    )
    found = {group: int(count) for group, count in rows}
    return {id_: found.get(id_, 0) for id_ in ids}


def groups_of(tx: Connection, user: str) -> list[Group]:
    """Return the groups that somebody is in, by their names."""
    rows = tx.execute(
        select(groups)
        .join(members, members.c.group == groups.c.id)
        .where(members.c.user == user)
        .order_by(groups.c.name)
    )
    return [group for row in rows if (group := _group(row)) is not None]


def known_people(tx: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of some ids are people who were not deleted."""
    wanted: list[str] = list(ids)
    found: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        some = users.c.id.in_(wanted[start : start + CHUNK])
        rows = tx.execute(select(users.c.id).where(some, users.c.deleted == 0.0))
        found.update(row.id for row in rows)
    return found


def add_members(tx: Connection, group: str, ids: Iterable[str]) -> None:
    """Put people into a group who are not in it."""
    rows = [{"group": group, "user": id_} for id_ in ids]
    if rows:
        tx.execute(insert(members), rows)


def drop_members(tx: Connection, group: str, ids: Iterable[str]) -> None:
    """Take people out of a group."""
    wanted = list(ids)
    for start in range(0, len(wanted), CHUNK):
        some = members.c.user.in_(wanted[start : start + CHUNK])
        tx.execute(delete(members).where(members.c.group == group, some))


def drop_memberships(tx: Connection, user: str) -> None:
    """Take somebody out of all groups."""
    tx.execute(delete(members).where(members.c.user == user))


def _check_name(tx: Connection, name: str, own: str) -> None:
    if not 0 < len(name.strip()) <= MAX_NAME_CHARACTERS or not name.isprintable():
        hint = f"1 to {MAX_NAME_CHARACTERS} printable characters"
        raise StateError("a group needs a name", hint=hint)
    other = find_group_named(tx, name)
    if other is not None and other.id != own:
        raise StateError(f"the group name `{name}` is taken", hint="choose another")


def _group(row: Row[Any] | None) -> Group | None:
    if row is None:
        return None
    fields = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Group(**{**fields, "roles": tuple(fields["roles"])})
