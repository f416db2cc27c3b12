"""A compromised account: all that it holds ends in one transaction, and is visible at once.

The account itself stays, so that its owner can sign in again with a passkey; with `passkeys` those
end as well, and only a new enrolment link lets anybody in.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.enrol import PURPOSE
from yett.issuer.lifecycle.ending import Ended, end_all, note_user
from yett.issuer.lifecycle.keys import mark_keys, read_keys
from yett.issuer.server import Server
from yett.state.accounts.links import drop_link, links_of
from yett.state.accounts.recovery import drop_codes
from yett.state.accounts.tickets import end_tickets
from yett.state.accounts.totps import drop_totp
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
        passkeys: whether its passkeys and every other way in end, too: password, app, recovery
            codes, links to outside providers.

    Raises:
        StateError: there is no such account, or the file of API keys cannot be read or marked.
    """
    keys = read_keys(server)

    def work(tx: Connection) -> tuple[User, Ended]:
        user = known_user(tx, name)
        ended = end_all(server, tx, user, keys, reason=reason, by=by, passkeys=passkeys)
        now = server.clock()
        if passkeys:
            end_ways(tx, user, now)
        note_user(server, tx, "account-compromised", user, now=now, text=f"{reason}, by {by}")
        return user, ended

    user, ended = server.store.write(work)
    mark_keys(server, ended.keys, server.clock())
    return user, ended


def end_ways(tx: Connection, user: User, now: float) -> None:
    """End what else signs in: whoever has the account may have made recovery codes or a link."""
    if user.password:
        change_user(tx, user, now=now, password="")
    drop_totp(tx, user.id)
    drop_codes(tx, user.id)
    for link in links_of(tx, user.id):
        drop_link(tx, link)
    end_tickets(tx, user.id, PURPOSE, now)


def known_user(tx: Connection, name: str) -> User:
    """Find an account by its id or login name.

    Raises:
        StateError: there is none.
    """
    user = find_user(tx, name) or find_login(tx, name)
    if user is None:
        raise StateError(f"there is no account `{name}`", hint="`yett user list` shows them")
    return user
