"""Notices: what was done to accounts, put down in the same transaction and told to the ledger.

So that nothing happens unrecorded, and nothing is recorded that did not happen. The control process
takes them in order and marks them once the recorder has them on disk.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from yett.state.accounts.tables import notices
from yett.terms import Event

MOST_AT_ONCE = 256


def note(tx: Connection, event: Event) -> None:
    """Put down what happened, in the transaction in which it does.

    Args:
        tx: the transaction.
        event: `kind` such as `signed-in`, `token-issued`, `account-disabled`; no secrets.
    """
    fields: dict[str, Any] = msgspec.to_builtins(event)
    tx.execute(notices.insert().values(kind=event.kind, event=fields, at=event.time, told=0.0))


def note_person(
    tx: Connection,
    kind: str,
    person: str,
    *,
    now: float,
    issuer: str = "",
    source: str = "",
    credential: str = "",
    tenant: str = "",
    text: str = "",
) -> None:
    """Put down what happened to an account, or what its person did.

    Args:
        tx: the transaction.
        kind: what.
        person: id of the user.
        now: unix seconds.
        issuer: whose account it is.
        source: the address that it was done from.
        credential: id of the passkey, session or token that it is about.
        tenant: the account's.
        text: more; no secrets.
    """
    event = Event(
        time=now,
        request="",
        kind=kind,
        source=source,
        principal=person,
        principal_kind="user",
        issuer=issuer,
        tenant=tenant,
        credential=credential,
        note=text,
    )
    note(tx, event)


def untold(tx: Connection) -> list[tuple[int, Event]]:
    """Return the oldest notices that the ledger does not have, each with its number."""
    rows = tx.execute(
        select(notices.c.number, notices.c.event)
        .where(notices.c.told == 0.0)
        .order_by(notices.c.number)
        .limit(MOST_AT_ONCE)
    )
    return [(number, msgspec.convert(fields, Event)) for number, fields in rows]


def told(tx: Connection, numbers: list[int], now: float) -> None:
    """Mark notices that the ledger has."""
    tx.execute(update(notices).where(notices.c.number.in_(numbers)).values(told=now))


def forget_told(tx: Connection, before: float) -> int:
    """Delete what the ledger has had since before a time (unix seconds); returns how many.

    The newest stays: SQLite would give its number to the next one.
    """
    newest = select(func.max(notices.c.number)).scalar_subquery()
    done = (notices.c.told > 0.0) & (notices.c.told < before) & (notices.c.number < newest)
    return tx.execute(delete(notices).where(done)).rowcount
