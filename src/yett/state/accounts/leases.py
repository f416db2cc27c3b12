"""Leases: what one process at a time does, of all that share the store, such as telling the ledger.

A lease is held for some seconds from its last renewal, so that of a holder that died another takes
over by itself. The times of several hosts are compared: clocks that differ by more than a lease let
two hold it. So it keeps work from being done twice, and is nothing that safety rests on.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from yett.state.accounts.tables import leases

LEASE_SECONDS = 10.0


def holds(tx: Connection, name: str, holder: str, now: float) -> bool | None:
    """Whether a holder has a lease for a while yet; None where it is to be taken or renewed."""
    row = tx.execute(select(leases.c.holder, leases.c.until).where(leases.c.name == name)).first()
    if row is None or now >= row.until:
        return None
    if row.holder != holder:
        return False
    return True if now < row.until - LEASE_SECONDS / 2 else None


def take_lease(tx: Connection, name: str, holder: str, now: float) -> bool:
    """Take a lease, or renew it; False where another holds it."""
    free = or_(leases.c.holder == holder, leases.c.until <= now)
    values = {"holder": holder, "until": now + LEASE_SECONDS}
    if tx.execute(update(leases).where(leases.c.name == name, free).values(**values)).rowcount:
        return True
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    row = insert(leases).values(name=name, **values).on_conflict_do_nothing()
    return tx.scalar(row.returning(leases.c.name)) is not None


def give_back(tx: Connection, holder: str) -> None:
    """End all leases of a holder, which leaves."""
    tx.execute(delete(leases).where(leases.c.holder == holder))
