"""The second factors of accounts (TOTP): one sealed secret each, and the last step that was used.

A code is good once: the step moves forward in one `UPDATE ... WHERE`, so that of two processes that
are shown the same code at the same moment one is refused (RFC 6238 s5.2).
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, update

from yett.state.accounts.tables import totps


class Totp(Struct, frozen=True, kw_only=True):
    """A confirmed second factor.

    Args:
        user: whose.
        secret: sealed under `totp:USER`.
        last_step: the time step of the last code that was used.
        confirmed: unix seconds.
    """

    user: str
    secret: bytes
    last_step: int
    confirmed: float


def find_totp(tx: Connection, user: str) -> Totp | None:
    """Find the second factor of an account."""
    row = tx.execute(select(totps).where(totps.c.user == user)).mappings().first()
    return None if row is None else Totp(**row)


def put_totp(tx: Connection, user: str, secret: bytes, step: int, now: float) -> None:
    """Give an account a second factor, in the place of the one it had.

    Args:
        tx: the transaction.
        user: whose.
        secret: sealed.
        step: of the code that confirmed it, which is used up.
        now: unix seconds.
    """
    held = find_totp(tx, user)
    # Never back: the same secret enrolled twice would else accept a used code again.
    last = max(step, held.last_step if held else 0)
    drop_totp(tx, user)
    tx.execute(insert(totps).values(user=user, secret=secret, last_step=last, confirmed=now))


def use_step(tx: Connection, user: str, step: int) -> bool:
    """Use up a time step and all before it; False when it has been."""
    fresh = update(totps).where(totps.c.user == user, totps.c.last_step < step)
    return tx.execute(fresh.values(last_step=step)).rowcount == 1


def drop_totp(tx: Connection, user: str) -> bool:
    """Take the second factor from an account; False when it had none."""
    return tx.execute(delete(totps).where(totps.c.user == user)).rowcount == 1
