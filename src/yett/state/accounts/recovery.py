"""Recovery codes: digests, each good once, replaced all together.

A digest covers the account, too, so that a code names nobody and fits nobody else's row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, insert, select, update

from yett.state.accounts.tables import recovery_codes


def put_codes(tx: Connection, user: str, codes: Iterable[str]) -> None:
    """Give an account fresh codes; the old ones are good for nothing any more."""
    drop_codes(tx, user)
    rows = [{"digest": _digest(user, code), "user": user, "used": 0.0} for code in codes]
    tx.execute(insert(recovery_codes), rows)


def use_code(tx: Connection, user: str, code: str, now: float) -> bool:
    """Use up a code; False when it is not one of the account's, or has been used."""
    row = recovery_codes.c
    good = (row.digest == _digest(user, code)) & (row.user == user) & (row.used == 0.0)
    return tx.execute(update(recovery_codes).where(good).values(used=now)).rowcount == 1


def codes_left(tx: Connection, user: str) -> int:
    """Return how many codes an account has that were not used."""
    row = recovery_codes.c
    unused = select(func.count()).where(row.user == user, row.used == 0.0)
    return tx.scalar(unused) or 0


def drop_codes(tx: Connection, user: str) -> None:
    """Take all codes from an account."""
    tx.execute(delete(recovery_codes).where(recovery_codes.c.user == user))


def _digest(user: str, code: str) -> str:
    # 80 random bits: nobody finds them by trying, so SHA-256 is enough (NIST SP 800-63B s5.1.2.2).
    return hashlib.sha256(f"{user}\0{code}".encode("utf-8", "replace")).hexdigest()
