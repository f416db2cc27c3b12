"""Finds what was probably meant where somebody revokes a name instead of an id.

A revoked id that nobody has is no mistake by itself: outside issuers have ids of their own.
A login name or the name of an application is one, and whoever types it believes that it is over.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.state.accounts.clients import find_client, list_clients
from yett.state.accounts.users import find_login, find_user

MOST_NAMED = 5


def meant(tx: Connection, kind: str, value: str) -> tuple[str, ...]:
    """Return ids here whose name is `value`, where no id is; empty where nothing is mistaken.

    Args:
        tx: a transaction.
        kind: what is revoked: `sub` or `client`; of other kinds nothing has a name.
        value: what was typed.
    """
    if kind == "sub":
        user = None if find_user(tx, value) else find_login(tx, value)
        return (user.id,) if user is not None else ()
    if kind == "client" and find_client(tx, value) is None:
        name = value.casefold()
        return tuple(c.id for c in list_clients(tx) if c.name.casefold() == name)[:MOST_NAMED]
    return ()


def is_unknown(tx: Connection, kind: str, value: str) -> bool:
    """Say whether a store with clients has none of this id."""
    return kind == "client" and find_client(tx, value) is None and bool(list_clients(tx))
