"""Removes what is over and would only fill the store: codes, tickets, sessions, grants, notices.

A chore of the control process. Nothing in here decides what is good: all of it is refused already.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.server import Server
from yett.state.accounts.codes import forget_codes
from yett.state.accounts.grants import forget_grants
from yett.state.accounts.notices import forget_told
from yett.state.accounts.sessions import drop_expired_sessions
from yett.state.accounts.tickets import drop_expired
from yett.state.accounts.uses import forget_uses

DAY_SECONDS = 86_400.0
# For so long a code that comes again is known for one that was used, and ends its family.
CODES_SECONDS = DAY_SECONDS
# For so long a person is shown what they had granted.
GRANTS_SECONDS = 30 * DAY_SECONDS


def clear(server: Server, now: float) -> None:
    """Remove what is over."""

    def work(tx: Connection) -> None:
        forget_uses(tx, now)
        forget_codes(tx, now - CODES_SECONDS)
        forget_grants(tx, now - GRANTS_SECONDS)
        drop_expired(tx, now)
        drop_expired_sessions(tx, now - GRANTS_SECONDS)
        forget_told(tx, now - DAY_SECONDS)

    server.store.write(work)
