"""Roles that come with groups, and the end of tokens that carry a role which was taken.

A person has the roles that an operator gave them, and those of their groups. For an administrator
groups change nothing, and no group makes one: a directory that could would own the system.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.grants.issue import OUTLIVES_SECONDS
from yett.issuer.lifecycle.ending import note_user
from yett.issuer.server import Server
from yett.state.accounts.groups import Group, change_group, groups_of, members_of
from yett.state.accounts.notices import note
from yett.state.accounts.revocations import revoke
from yett.state.accounts.users import User, change_user, find_user
from yett.state.errors import StateError
from yett.terms import Event

CUT_STEP_SECONDS = 0.001  # `iat` is rounded down to it


def settle_roles(server: Server, tx: Connection, user: User, *, by: str) -> User:
    """Give somebody the roles of the groups that they are in now, and take those of others.

    Args:
        server: the server.
        tx: a transaction that writes.
        user: as it was read in this transaction.
        by: who changed the groups.

    Raises:
        StateError: somebody changed the account meanwhile.
    """
    given = tuple(role for role in user.roles if role not in user.grouped)
    if server.settings.admin_role in given:
        return user
    carried = dict.fromkeys(role for group in groups_of(tx, user.id) for role in group.roles)
    grouped = tuple(
        role for role in carried if role not in given and role != server.settings.admin_role
    )
    if set(grouped) == set(user.grouped):
        return user
    now = server.clock()
    changed = change_user(tx, user, now=now, roles=(*given, *grouped), grouped=grouped)
    if changed is None:
        raise StateError("the account was changed meanwhile", hint="try again")
    if set(user.roles) - set(changed.roles):
        cut_off(server, tx, user, now=now, by=by)
    text = f"{' '.join(changed.roles) or 'none'}, by groups, by {by}"
    note_user(server, tx, "roles-changed", user, now=now, text=text)
    return changed


def set_group_roles(
    server: Server, tx: Connection, group: Group, roles: tuple[str, ...], *, by: str
) -> Group:
    """Say what roles a group carries; everybody in it gains and loses them at once.

    Args:
        server: the server.
        tx: a transaction that writes.
        group: as it was read in this transaction.
        roles: all of them, of the vocabulary.
        by: who says so: an operator.

    Raises:
        StateError: it would make administrators, or somebody changed the group meanwhile.
    """
    if server.settings.admin_role in roles:
        message = f"no group carries the role `{server.settings.admin_role}`"
        hint = "the directory would say who administers; `yett user roles` gives it to a person"
        raise StateError(message, hint=hint)
    now = server.clock()
    changed = change_group(tx, group, now=now, roles=tuple(dict.fromkeys(roles)))
    if changed is None:
        raise StateError("the group was changed meanwhile", hint="try again")
    for id_ in members_of(tx, group.id):
        user = find_user(tx, id_)
        if user is not None:
            settle_roles(server, tx, user, by=by)
    text = f"{group.id}: roles {' '.join(changed.roles) or 'none'}, by {by}"
    event = Event(time=now, request="", kind="group-changed", issuer=server.url, note=text)
    note(tx, event)
    return changed


def cut_off(server: Server, tx: Connection, user: User, *, now: float, by: str) -> None:
    """Refuse every token that somebody was issued until now: it may carry a role that was taken."""
    revoke(
        tx,
        "sub",
        user.id,
        now=now,
        reason="roles were taken",
        by=by,
        issuer=server.url,
        before=now + CUT_STEP_SECONDS,
        expires=now + server.settings.session_lifetime + OUTLIVES_SECONDS,
    )
