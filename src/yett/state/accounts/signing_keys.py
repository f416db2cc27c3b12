"""The issuer's signing keys and their states: published -> active -> retired -> removed.

One key is active at a time. Each step is an `UPDATE ... WHERE state = ...`, so that of several
control processes one takes it. The private part is sealed, and gone as soon as it signs no more.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from yett.state.accounts.rows import as_struct
from yett.state.accounts.tables import signing_keys

# state -> the states it may come from, and the column that says since when
STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "active": (("published",), "active"),
    "retired": (("active",), "retired"),
    "removed": (("published", "active", "retired"), "removed"),
}


class SigningKey(Struct, frozen=True, kw_only=True):
    """A key; `private` is sealed under `signing-key:KID`, times are unix seconds, 0 for not yet."""

    kid: str
    algorithm: str
    public: dict[str, Any]
    private: bytes
    state: str = "published"
    created: float = 0.0
    active: float = 0.0
    retired: float = 0.0
    removed: float = 0.0


def list_keys(tx: Connection) -> list[SigningKey]:
    """Return all keys that are not removed, oldest first."""
    query = select(signing_keys).where(signing_keys.c.state != "removed")
    found = tx.execute(query.order_by(signing_keys.c.created, signing_keys.c.kid)).mappings()
    return [as_struct(row, SigningKey) for row in found]


def add_key(tx: Connection, key: SigningKey) -> None:
    """Put down a new key."""
    fields = {name: getattr(key, name) for name in key.__struct_fields__}
    tx.execute(signing_keys.insert().values(**fields))


def move_key(tx: Connection, kid: str, state: str, now: float) -> bool:
    """Take a key into its next state; False where it is not in one that leads there."""
    before, column = STEPS[state]
    values: dict[str, Any] = {"state": state, column: now}
    if state != "active":
        values["private"] = b""
    there = (signing_keys.c.kid == kid) & signing_keys.c.state.in_(before)
    return tx.execute(update(signing_keys).where(there).values(**values)).rowcount == 1


def forget_keys(tx: Connection, before: float) -> int:
    """Delete the rows of keys that were removed before a time; return how many."""
    gone = (signing_keys.c.state == "removed") & (signing_keys.c.removed < before)
    return tx.execute(delete(signing_keys).where(gone)).rowcount
