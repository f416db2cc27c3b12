"""Failed sign-ins, put down: by account where there is one, by source, never by what was typed.

A name that nobody has is not kept: it is often a password in the wrong field (CWE-532).
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.http import Ask
from yett.issuer.server import Server
from yett.state.accounts.notices import note
from yett.state.accounts.users import User
from yett.terms import Event


def failed(server: Server, tx: Connection, ask: Ask, user: User | None, by: str) -> None:
    """Put down that somebody did not get in.

    Args:
        server: the server.
        tx: a transaction.
        ask: where it came from.
        user: as whom, None for a name that nobody has.
        by: the way they tried: `password`, `recovery code` ...
    """
    event = Event(
        time=ask.now,
        request="",
        kind="sign-in-failed",
        source=ask.source,
        principal=user.id if user is not None else "",
        principal_kind="user" if user is not None else "",
        issuer=server.url,
        tenant=user.tenant if user is not None else "",
        note=by,
    )
    note(tx, event)
