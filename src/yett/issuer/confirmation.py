"""What a page of ours asks a signed-in person, and the answer that comes from that page alone.

The ticket stands in the form: good once, for this session and what was asked, and for ten minutes,
so that no other site and no older page answers in somebody's place (CWE-352).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from yett.issuer.server import digest, fresh
from yett.state.accounts.sessions import Session
from yett.state.accounts.tickets import Ticket, add_ticket, take_ticket

TICKET_SECONDS = 600.0


def ask_once(
    tx: Connection, session: Session, purpose: str, data: dict[str, Any], now: float
) -> str:
    """Make a ticket for a form; `data` comes back with the answer."""
    secret = fresh()
    ticket = Ticket(
        digest=digest(secret),
        purpose=purpose,
        user=session.user,
        holder=session.id,
        data=data,
        expires=now + TICKET_SECONDS,
    )
    add_ticket(tx, ticket)
    return secret


def take_once(
    tx: Connection, session: Session, purpose: str, secret: str, now: float
) -> dict[str, Any] | None:
    """Use a ticket up and return its data; None where it is not good for this session."""
    ticket = take_ticket(tx, digest(secret), purpose, holder=session.id, now=now)
    return None if ticket is None else ticket.data
