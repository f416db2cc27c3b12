"""Browser sessions: one row for each sign-in, known by the digest of its cookie.

The cookie's value changes at every sign-in and step-up, by compare-and-set; the id (`sid` of
tokens) stays for as long as the same person is signed in. An ended session stays until it expires.
"""

from __future__ import annotations

import secrets
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, delete, select, update

from yett.state.accounts.tables import sessions

ID_BYTES = 16
MAX_AGENT_CHARACTERS = 200
SEEN_EVERY_SECONDS = 60.0  # a session in use costs at most one write a minute


class Session(Struct, frozen=True, kw_only=True):
    """A row of `sessions`.

    Args:
        id: `sid` of tokens.
        digest: SHA-256 of the cookie's value, hex.
        user: id of who is signed in.
        acr, amr: how (RFC 9470, RFC 8176).
        auth_time: when, last; refreshing and use never move it.
        created, seen, expires, ended: unix seconds; `ended` is 0 while it lives.
        source, agent: where from, for its owner to recognise.
    """

    id: str
    digest: str
    user: str
    acr: str
    amr: tuple[str, ...]
    auth_time: float
    created: float
    seen: float
    expires: float
    ended: float = 0.0
    source: str = ""
    agent: str = ""

    def __repr__(self) -> str:
        return f"Session(id={self.id!r}, user={self.user!r})"


def add_session(
    tx: Connection,
    *,
    digest: str,
    user: str,
    acr: str,
    amr: tuple[str, ...],
    now: float,
    expires: float,
    source: str = "",
    agent: str = "",
    auth_time: float | None = None,
) -> Session:
    """Begin a session; its sign-in was at `auth_time`, now where nothing else is said."""
    session = Session(
        id=secrets.token_urlsafe(ID_BYTES),
        digest=digest,
        user=user,
        acr=acr,
        amr=amr,
        auth_time=now if auth_time is None else auth_time,
        created=now,
        seen=now,
        expires=expires,
        source=source,
        agent=agent[:MAX_AGENT_CHARACTERS],
    )
    fields = {name: getattr(session, name) for name in Session.__struct_fields__}
    tx.execute(sessions.insert().values(**{**fields, "amr": list(amr)}))
    return session


def find_session(tx: Connection, id: str) -> Session | None:  # noqa: A002 - the fixed signature
    """Return a session by its id, also an ended one."""
    return _session(tx.execute(select(sessions).where(sessions.c.id == id)).first())


def find_cookie(tx: Connection, digest: str) -> Session | None:
    """Return a session by the digest of its cookie, also an ended one."""
    return _session(tx.execute(select(sessions).where(sessions.c.digest == digest)).first())


def rotate_session(
    tx: Connection,
    session: Session,
    *,
    digest: str,
    acr: str,
    amr: tuple[str, ...],
    now: float,
    auth_time: float | None = None,
) -> Session | None:
    """Give a live session a new cookie and a new time of sign-in, as in `add_session`.

    None when it has ended, or its cookie was changed, since it was read.
    """
    done = tx.execute(
        update(sessions)
        .where(
            sessions.c.id == session.id,
            sessions.c.digest == session.digest,
            sessions.c.ended == 0.0,
        )
        .values(
            digest=digest,
            acr=acr,
            amr=list(amr),
            auth_time=now if auth_time is None else auth_time,
            seen=now,
        )
    )
    return find_session(tx, session.id) if done.rowcount == 1 else None


def saw_session(tx: Connection, session: Session, now: float) -> None:
    """Put down that a session is in use."""
    if now - session.seen >= SEEN_EVERY_SECONDS:
        tx.execute(
            update(sessions)
            .where(sessions.c.id == session.id, sessions.c.seen < now)
            .values(seen=now)
        )


def hold_session(tx: Connection, id: str, now: float) -> bool:  # noqa: A002 - as above
    """Put down that a session is in use, always; False when it has ended.

    For what signs a token of it without writing anything else: on PostgreSQL an end of the session
    at the same moment then waits or fails, and is not passed by a token that its cut-off misses.
    """
    live = (sessions.c.id == id) & (sessions.c.ended == 0.0)
    return tx.execute(update(sessions).where(live).values(seen=now)).rowcount == 1


def end_session(tx: Connection, id: str, now: float) -> bool:  # noqa: A002 - as above
    """End a session; False when it has ended already."""
    done = tx.execute(
        update(sessions).where(sessions.c.id == id, sessions.c.ended == 0.0).values(ended=now)
    )
    return done.rowcount == 1


def list_sessions(tx: Connection, user: str, now: float) -> list[Session]:
    """Return the sessions of a user that have neither ended nor expired, newest first."""
    rows = tx.execute(
        select(sessions)
        .where(sessions.c.user == user, sessions.c.ended == 0.0, sessions.c.expires > now)
        .order_by(sessions.c.auth_time.desc(), sessions.c.id)
    )
    return [session for row in rows if (session := _session(row)) is not None]


def end_all(tx: Connection, user: str, now: float, *, without: str = "") -> list[str]:
    """End all sessions of a user, but for one; returns the ids of those that ended."""
    ending = [session.id for session in list_sessions(tx, user, now) if session.id != without]
    return [id_ for id_ in ending if end_session(tx, id_, now)]


def drop_expired_sessions(tx: Connection, before: float) -> int:
    """Delete sessions that expired before a time; returns how many."""
    return tx.execute(delete(sessions).where(sessions.c.expires < before)).rowcount


def _session(row: Row[Any] | None) -> Session | None:
    if row is None:
        return None
    fields = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Session(**{**fields, "amr": tuple(fields["amr"])})
