"""Recovery codes: ten, of 80 bits each, shown once, good once; for who lost every passkey.

One signs in with one factor only (`kba`), ends every other session of the account, and leads to the
page where a new passkey is made. It never counts as a second factor: it may have lain in a drawer.
Each use is a notice, and the account page says how many are left.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from yett.state.accounts.notices import note_person
from yett.state.accounts.recovery import codes_left, put_codes, use_code

CODES = 10
CODE_CHARACTERS = 16  # of 32: 80 bits
GROUP = 4
# Crockford's base 32: nothing in it is read as something else.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans("oil", "011", " -\u00a0\t\u2010\u2011\u2012\u2013")


def renew(tx: Connection, user: str, now: float, by: str) -> tuple[str, ...]:
    """Give an account fresh codes in the place of the old ones, to be shown once.

    Args:
        tx: the transaction.
        user: the account's id.
        now: unix seconds.
        by: who asked for them, for the record.
    """
    codes = tuple(_code() for _ in range(CODES))
    put_codes(tx, user, codes)
    note_person(tx, "recovery-codes-made", user, now=now, text=f"by {by}")
    return tuple(written(code) for code in codes)


def redeem(tx: Connection, user: str, typed: str, now: float) -> bool:
    """Use up a code; False when it is wrong or used."""
    if not use_code(tx, user, read(typed), now):
        return False
    left = codes_left(tx, user)
    note_person(tx, "recovery-code-used", user, now=now, text=f"{left} left")
    return True


def read(typed: str) -> str:
    """Return a code as it was made, whatever it looked like to who typed it."""
    return typed.lower().translate(_MISREAD)


def written(code: str) -> str:
    """Write a code in groups."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARACTERS))
