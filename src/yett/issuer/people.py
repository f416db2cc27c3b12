"""What an administrator does to people: invites, gives and takes roles, links, lets in again.

Functions within a transaction that the caller holds; each puts a notice down. Ending an account is
`lifecycle.ending`'s. The last administrator keeps the role: else nobody could give it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from yett.issuer.account.ways import ways_of
from yett.issuer.enrol import invite
from yett.issuer.lifecycle.compromise import known_user
from yett.issuer.lifecycle.ending import keep_an_admin, note_user
from yett.issuer.lifecycle.roles import cut_off, settle_roles
from yett.issuer.server import Server
from yett.state.accounts.links import Link, add_link, drop_link, find_link
from yett.state.accounts.users import (
    ACTIVE,
    DISABLED,
    INVITED,
    User,
    add_user,
    change_user,
    list_users,
)
from yett.state.errors import StateError

MAX_SUBJECT_CHARACTERS = 255  # OpenID Connect Core s2


def everybody(server: Server) -> Iterator[User]:
    """Return all accounts in the order of their login names, a page at a time."""
    after = ""
    while True:
        with server.store.read() as tx:
            found = list_users(tx, after=after)
        if not found:
            return
        yield from found
        after = found[-1].login


def add_person(
    server: Server, tx: Connection, *, login: str, by: str, **fields: Any
) -> tuple[User, str]:
    """Invite somebody; returns the account and the link with which they make a passkey.

    Args:
        server: whose account it is.
        tx: a transaction that writes.
        login: the name they are known by, unique.
        by: who invites.
        fields: `name`, `email`, `roles`, `tenant`.

    Raises:
        StateError: the login name cannot be used, or is somebody's.
    """
    now = server.clock()
    user = add_user(tx, login=login, now=now, status=INVITED, **fields)
    text = f"roles {' '.join(user.roles) or 'none'}, by {by}"
    note_user(server, tx, "account-made", user, now=now, text=text)
    return user, invite(server, tx, user, now=now, by=by)


def invite_again(server: Server, tx: Connection, name: str, *, by: str) -> tuple[User, str]:
    """Make a new link, for who lost the first one, or every way in; older links end.

    Raises:
        StateError: there is no such account, or it is disabled.
    """
    user = known_user(tx, name)
    if user.status == DISABLED:
        raise StateError(f"`{user.login}` is disabled", hint=f"`yett user enable {user.login}`")
    return user, invite(server, tx, user, now=server.clock(), by=by)


def set_roles(
    server: Server, tx: Connection, user: User, roles: tuple[str, ...], *, by: str
) -> User:
    """Give somebody exactly these roles; tokens with a role that was taken are refused at once.

    Raises:
        StateError: it would leave no administrator, a role comes with a group, or somebody changed
            the account meanwhile.
    """
    now = server.clock()
    taken = [role for role in user.roles if role not in roles]
    for role in taken:
        if role in user.grouped:
            hint = "take them out of the group in the directory, or the role from the group"
            raise StateError(f"`{user.login}` has the role `{role}` by a group", hint=hint)
    admin = server.settings.admin_role
    if admin in taken:
        keep_an_admin(server, tx, user)
    changed = _changed(tx, user, now, roles=tuple(dict.fromkeys(roles)))
    if taken:
        cut_off(server, tx, user, now=now, by=by)
    text = f"{' '.join(changed.roles) or 'none'}, by {by}"
    note_user(server, tx, "roles-changed", user, now=now, text=text)
    # Groups change nothing for an administrator; what they did meanwhile counts from now on.
    return settle_roles(server, tx, changed, by=by) if admin in taken else changed


def enable_user(server: Server, tx: Connection, user: User, *, by: str) -> User:
    """Let somebody sign in again; what was ended stays ended.

    Raises:
        StateError: it was deleted by a directory, or somebody changed it meanwhile.
    """
    if user.deleted:
        hint = "`yett user add` makes a new account"
        raise StateError(f"`{user.id}` was deleted by its directory", hint=hint)
    if user.status != DISABLED:
        return user
    now = server.clock()
    ways = ways_of(server, tx, user)
    status = ACTIVE if ways.passkeys or ways.others() else INVITED
    # As used now: else the next round of the inactivity policy would disable it again.
    fields = {"disabled": 0.0, "disabled_by": "", "warned": 0.0, "active": now}
    changed = _changed(tx, user, now, status=status, **fields)
    note_user(server, tx, "account-enabled", user, now=now, text=f"by {by}")
    return changed


def link_by_hand(
    server: Server, tx: Connection, user: User, provider: str, subject: str, *, by: str
) -> User:
    """Link somebody to a person at a provider, whom an administrator vouches for.

    Raises:
        StateError: no such provider, no subject, or that person is another account's.
    """
    link = _link(server, user, provider, subject)
    held = find_link(tx, link.issuer, link.subject)
    if held is not None and held.user != user.id:
        raise StateError(f"`{subject}` of `{provider}` is linked to the account `{held.user}`")
    if held is None:
        add_link(tx, link)
        text = f"subject {subject}, by {by}"
        note_user(server, tx, "account-linked", user, now=link.created, text=text)
    if user.status == INVITED:
        return _changed(tx, user, link.created, status=ACTIVE)
    return user


def unlink_by_hand(
    server: Server, tx: Connection, user: User, provider: str, subject: str, *, by: str
) -> None:
    """Take a link away.

    Raises:
        StateError: no such provider or link.
    """
    link = _link(server, user, provider, subject)
    if not drop_link(tx, link):
        hint = f"`yett user show {user.login}` shows its links"
        raise StateError(f"`{user.login}` is not linked to `{subject}` of `{provider}`", hint=hint)
    text = f"subject {subject}, by {by}"
    note_user(server, tx, "account-unlinked", user, now=link.created, text=text)


def _link(server: Server, user: User, provider: str, subject: str) -> Link:
    found = server.providers.get(provider)
    if found is None:
        names = ", ".join(server.providers) or "none is configured"
        raise StateError(f"there is no provider `{provider}`", hint=names)
    if not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS or not subject.isprintable():
        hint = "the `sub` of its ID tokens, exactly"
        raise StateError("this is no subject of a provider", hint=hint)
    issuer = found.config.url
    return Link(issuer=issuer, subject=subject, user=user.id, created=server.clock())


def _changed(tx: Connection, user: User, now: float, **fields: Any) -> User:
    changed = change_user(tx, user, now=now, **fields)
    if changed is None:
        raise StateError("the account was changed meanwhile", hint="try again")
    return changed
