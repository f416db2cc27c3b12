"""Tickets: one-use secrets with a purpose, such as enrolment links and sign-ins under way.

Only their digests are kept. A ticket is good for its purpose, until it expires, and for the holder
it is bound to; it is taken by compare-and-set, so that of two takers one gets it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from yett.state.accounts.tables import tickets


class Ticket(Struct, frozen=True, kw_only=True):
    """A row of `tickets`.

    Args:
        digest: SHA-256 of the secret, hex.
        purpose: such as `enrol`, `sign-in`, `sso`.
        user: id of the user it is about, empty for none yet.
        holder: digest of the browser's cookie, or a session's id; empty while nobody holds it.
        data: what its purpose needs; `r` is the authorization request that waits for a sign-in.
        expires, used: unix seconds.
    """

    digest: str
    purpose: str
    user: str = ""
    holder: str = ""
    data: dict[str, Any] = {}
    expires: float = 0.0
    used: float = 0.0


def add_ticket(tx: Connection, ticket: Ticket) -> None:
    """Keep a new ticket."""
    tx.execute(tickets.insert().values(**{n: getattr(ticket, n) for n in Ticket.__struct_fields__}))


def make_room(tx: Connection, purpose: str, most: int) -> None:
    """Drop the oldest tickets of a purpose so that there are fewer than `most`.

    For what anybody may begin; never called for invitations.
    """
    mine = tickets.c.purpose == purpose
    count = tx.scalar(select(func.count()).select_from(tickets).where(mine)) or 0
    if count >= most:
        oldest = select(tickets.c.digest).where(mine).order_by(tickets.c.expires)
        dropped = oldest.limit(count - most + 1)
        tx.execute(delete(tickets).where(tickets.c.digest.in_(dropped)))


def find_ticket(tx: Connection, digest: str, purpose: str, now: float) -> Ticket | None:
    """Return a ticket that can still be taken, without taking it."""
    row = tx.execute(select(tickets).where(_live(digest, purpose, now))).first()
    return None if row is None else Ticket(**row._mapping)  # noqa: SLF001 - as in users.py


def take_ticket(
    tx: Connection, digest: str, purpose: str, *, holder: str, now: float
) -> Ticket | None:
    """Use a ticket up; None when it is not good for this purpose, or no longer.

    `holder` presents it, and must be exactly whom it is bound to: empty for nobody.
    """
    found = find_ticket(tx, digest, purpose, now)
    done = tx.execute(
        update(tickets)
        .where(_live(digest, purpose, now), tickets.c.holder == holder)
        .values(used=now)
    )
    return found if done.rowcount == 1 else None


def hold_ticket(tx: Connection, digest: str, purpose: str, *, holder: str, now: float) -> bool:
    """Bind a ticket to its first holder; False when it is another's, or no longer good."""
    done = tx.execute(
        update(tickets)
        .where(_live(digest, purpose, now), tickets.c.holder.in_(("", holder)))
        .values(holder=holder)
    )
    return done.rowcount == 1


def spend(tx: Connection, digest: str, purpose: str, *, expires: float, now: float) -> bool:
    """Put down that something was used that is good once; False when it was used before.

    Both engines let one of two such transactions through: SQLite has one writer, and PostgreSQL
    fails the other one, which is tried again and then sees the row.
    """
    if tx.execute(select(tickets.c.digest).where(tickets.c.digest == digest)).first() is not None:
        return False
    add_ticket(tx, Ticket(digest=digest, purpose=purpose, expires=expires, used=now))
    return True


def end_tickets(tx: Connection, user: str, purpose: str, now: float) -> int:
    """Use up all tickets of a user for a purpose; returns how many there were."""
    done = tx.execute(
        update(tickets)
        .where(tickets.c.user == user, tickets.c.purpose == purpose, tickets.c.used == 0.0)
        .values(used=now)
    )
    return done.rowcount


def drop_expired(tx: Connection, now: float) -> int:
    """Delete tickets that have expired; returns how many. Called now and then, and harmless."""
    return tx.execute(delete(tickets).where(tickets.c.expires <= now)).rowcount


def _live(digest: str, purpose: str, now: float) -> ColumnElement[bool]:
    return and_(
        tickets.c.digest == digest,
        tickets.c.purpose == purpose,
        tickets.c.used == 0.0,
        tickets.c.expires > now,
    )
