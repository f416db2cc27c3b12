"""A compromised account: all that it holds ends in one transaction, and is visible at once.

The account itself stays, so that its owner can sign in again with a passkey; with `passkeys` those
end as well, and only a new enrolment link lets anybody in.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.lifecycle.ending import Ended, end_all, note_user
from yett.issuer.lifecycle.keys import mark_keys, read_keys
from yett.issuer.server import Server
from yett.state.accounts.users import User, change_user, find_login, find_user
from yett.state.errors import StateError


def end_compromised(
    server: Server, name: str, *, by: str, reason: str = "compromised", passkeys: bool = False
) -> tuple[User, Ended]:
    """End all that an account holds.

    Args:
        server: the server.
        name: its login name or id.
        by: who does it.
        reason: for the record.
        passkeys: whether its passkeys and its password end, too.

    Raises:
        StateError: there is no such account, or the file of API keys cannot be read or marked.
    """
    keys = read_keys(server)

    def work(tx: Connection) -> tuple[User, Ended]:
        user = known_user(tx, name)
        ended = end_all(server, tx, user, keys, reason=reason, by=by, passkeys=passkeys)
        now = server.clock()
        if passkeys and user.password:
            change_user(tx, user, now=now, password="")
        note_user(server, tx, "account-compromised", user, now=now, text=f"{reason}, by {by}")
        return user, ended

    user, ended = server.store.write(work)
    mark_keys(server, ended.keys, server.clock())
    return user, ended


def known_user(tx: Connection, name: str) -> User:
    """Find an account by its id or login name.

    Raises:
        StateError: there is none.
    """
    user = find_user(tx, name) or find_login(tx, name)
    if user is None:
        raise StateError(f"there is no account `{name}`", hint="`yett user list` shows them")
    return user
