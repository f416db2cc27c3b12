"""What is good once at the issuer: `jti` of assertions (RFC 7523) and of proofs (RFC 9449).

The row goes in or it was there already: one statement, so that of two at once one is refused, also
on two hosts. Rows are removed when what they remember has expired anyway.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from yett.state.accounts.tables import uses


def use_once(tx: Connection, purpose: str, name: str, expires: float) -> bool:
    """Use something up; False where it was used before.

    Args:
        tx: a transaction that writes.
        purpose: what it is, with its owner: `assertion:CLIENT`, `proof:THUMBPRINT`.
        name: what the owner called it, of any length.
        expires: unix seconds, after which it would be refused for its age.
    """
    digest = hashlib.sha256(f"{purpose}\n{name}".encode()).hexdigest()
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    row = insert(uses).values(digest=digest, expires=expires).on_conflict_do_nothing()
    # What was put down comes back; the count of rows is not told by every driver.
    return tx.scalar(row.returning(uses.c.digest)) is not None


def forget_uses(tx: Connection, now: float) -> int:
    """Remove what has expired; return how many."""
    return tx.execute(delete(uses).where(uses.c.expires < now)).rowcount
