"""`/Groups`: a directory's groups and who is in them (RFC 7644 s3).

What a group may do is an operator's to say (`yett group roles`); who leaves one loses its roles in
the same transaction, and with them every token that carries them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from yett.issuer.http import NO_STORE, Answer, Ask
from yett.issuer.lifecycle.roles import settle_roles
from yett.issuer.scim.answers import answered, check_match, listed
from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.filters import GROUPS, condition_of, sort_field
from yett.issuer.scim.group import as_group, first_few, read_whole, shows_members
from yett.issuer.scim.membership import Wanted, patched
from yett.issuer.scim.models import Group as GroupModel
from yett.issuer.scim.oddities import plain_operations
from yett.issuer.scim.pages import page_of
from yett.issuer.scim.reading import read_body, read_operations, read_search, read_showing
from yett.issuer.server import Server
from yett.state.accounts.groups import (
    Group,
    add_group,
    add_members,
    change_group,
    drop_group,
    drop_members,
    find_group,
    find_group_named,
    known_people,
    members_of,
)
from yett.state.accounts.notices import note
from yett.state.accounts.search import search_groups
from yett.state.accounts.users import find_user
from yett.state.errors import StateError
from yett.terms import Event

MAX_MEMBERS = 10_000
# With roles each is a change of an account: this many hold the store's one writer for a second.
MAX_CHANGED = 1000


def search(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /Groups` and `POST /Groups/.search`."""
    del directory
    asked = read_search(ask, GroupModel)
    condition = condition_of(asked.filter, GROUPS)
    page = page_of(asked, sort_field(asked.sort_by, GROUPS))
    bare = not shows_members(asked)
    with server.store.read() as tx:
        found, total = search_groups(tx, condition, page)
        if not bare:
            found = first_few(tx, found)
        shown = [as_group(server, tx, one, bare=bare) for one in found]
    return listed(shown, asked, total=total, start=page.skip + 1)


def read(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `GET /Groups/{id}`."""
    del directory
    showing = read_showing(ask, GroupModel)
    bare = not shows_members(showing)
    with server.store.read() as tx:
        shown = as_group(server, tx, _known(tx, ask), bare=bare)
    return answered(shown, showing, ask)


def create(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `POST /Groups`; it has no roles until an operator gives it some."""
    wanted, showing = read_whole(read_body(ask)), read_showing(ask, GroupModel)

    def work(tx: Connection) -> Any:
        group = _named(
            tx,
            wanted.name,
            "",
            lambda: add_group(tx, name=wanted.name, external=wanted.external, now=server.clock()),
        )
        _put(tx, group, wanted.members)
        text = f"{len(wanted.members)} members"
        _note(server, tx, "group-made", group, by=directory, text=text)
        return as_group(server, tx, group)

    return answered(server.store.write(work), showing, ask, status=201)


def replace(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `PUT /Groups/{id}`."""
    wanted = read_whole(read_body(ask))
    return _changed(server, ask, directory, lambda _held: wanted)


def patch(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `PATCH /Groups/{id}`."""
    operations = plain_operations(read_operations(ask))
    return _changed(server, ask, directory, lambda held: patched(held, operations))


def remove(server: Server, ask: Ask, directory: str) -> Answer:
    """Answer `DELETE /Groups/{id}`; its roles go with it."""

    def work(tx: Connection) -> None:
        group = _known(tx, ask)
        check_match(ask, group.etag)
        gone = members_of(tx, group.id)
        _bounded(group, gone)
        drop_group(tx, group)
        _settle(server, tx, group, gone, directory)
        _note(server, tx, "group-deleted", group, by=directory, text=f"{len(gone)} members")

    server.store.write(work)
    return Answer(status=204, headers=(NO_STORE,))


def _changed(
    server: Server, ask: Ask, directory: str, change: Callable[[Wanted], Wanted]
) -> Answer:
    showing = read_showing(ask, GroupModel)

    def work(tx: Connection) -> Any:
        group = _known(tx, ask)
        check_match(ask, group.etag)
        held = frozenset(members_of(tx, group.id))
        before = Wanted(name=group.name, external=group.external, members=held)
        wanted = change(before)
        if wanted != before:
            group = _write(server, tx, group, before, wanted, by=directory)
        return as_group(server, tx, group)

    return answered(server.store.write(work), showing, ask)


def _write(
    server: Server, tx: Connection, group: Group, before: Wanted, wanted: Wanted, *, by: str
) -> Group:
    new, gone = wanted.members - before.members, before.members - wanted.members
    _bounded(group, [*new, *gone])
    if len(wanted.members) > MAX_MEMBERS:
        raise ScimError(400, f"a group has {MAX_MEMBERS} members at most", "invalidValue")
    fields = {"name": wanted.name, "external": wanted.external}
    changed: Group | None = _named(
        tx, wanted.name, group.id, lambda: change_group(tx, group, now=server.clock(), **fields)
    )
    assert changed is not None  # read in this transaction
    drop_members(tx, group.id, gone)
    _put(tx, group, new)
    _settle(server, tx, group, [*gone, *new], by)
    text = f"{len(new)} came, {len(gone)} went"
    _note(server, tx, "group-changed", changed, by=by, text=text)
    return changed


def _settle(server: Server, tx: Connection, group: Group, ids: list[str], by: str) -> None:
    """Have the roles of everybody whom a change of the group is about follow it."""
    for id_ in ids if group.roles else ():
        user = find_user(tx, id_)
        if user is not None:
            settle_roles(server, tx, user, by=by)


def _put(tx: Connection, group: Group, ids: frozenset[str]) -> None:
    if len(ids) > MAX_MEMBERS:
        raise ScimError(400, f"a group has {MAX_MEMBERS} members at most", "invalidValue")
    if ids - known_people(tx, ids):
        raise ScimError(400, "a member is the id of a user that is here", "invalidValue")
    add_members(tx, group.id, ids)


def _bounded(group: Group, ids: list[str]) -> None:
    if group.roles and len(ids) > MAX_CHANGED:
        text = f"{MAX_CHANGED} members of a group with roles change at once at most"
        raise ScimError(413, text)


def _named(tx: Connection, name: str, own: str, make: Callable[[], Any]) -> Any:
    """Make or change a group whose name nobody else has."""
    other = find_group_named(tx, name)
    if other is not None and other.id != own:
        raise ScimError(409, "the `displayName` is taken", "uniqueness")
    try:
        return make()
    except StateError as error:
        raise ScimError(400, f"`displayName`: {error}", "invalidValue") from None


def _known(tx: Connection, ask: Ask) -> Group:
    group = find_group(tx, ask.arguments["id"])
    if group is None:
        raise ScimError(404, "there is no such group")
    return group


def _note(server: Server, tx: Connection, kind: str, group: Group, *, by: str, text: str) -> None:
    event = Event(
        time=server.clock(),
        request="",
        kind=kind,
        issuer=server.url,
        client=by,
        note=f"{group.id}: {text}, by {by}",
    )
    note(tx, event)
