"""When a key, an account or a client was last used, as the gate's workers noted it.

A later time replaces an earlier one and never the other way round: workers write in any order.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, case, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from yett.state.accounts.tables import activity, clients, users

Use = tuple[str, str]  # `key`, `user` or `client`, and its id


def note_uses(tx: Connection, uses: dict[Use, float]) -> None:
    """Write down when each was last used (unix seconds); a warning of being idle is over then.

    The owner of an API key is named as its record does: by the account's id or its login. Rows are
    touched in one order, so that two workers never wait for each other in a circle.
    """
    for (kind, value), now in sorted(uses.items()):
        if kind == "key":
            _note_key(tx, value, now)
        elif kind == "client":
            named = clients.c.id == value
            tx.execute(
                update(clients).where(named, clients.c.active < now).values(active=now, warned=0.0)
            )
        else:
            named = or_(users.c.id == value, users.c.login == value.casefold())
            tx.execute(
                update(users).where(named, users.c.active < now).values(active=now, warned=0.0)
            )


def last_uses(tx: Connection, keys: Iterable[str]) -> dict[str, float]:
    """Return when each API key was last used (unix seconds); those never used are left out."""
    wanted = select(activity.c.value, activity.c.last).where(activity.c.kind == "key")
    found = tx.execute(wanted.where(activity.c.value.in_(list(keys))))
    return {str(value): float(last) for value, last in found}


def _note_key(tx: Connection, value: str, now: float) -> None:
    insert = insert_postgresql if tx.dialect.name == "postgresql" else insert_sqlite
    row = insert(activity).values(kind="key", value=value, last=now)
    later = case((activity.c.last < now, now), else_=activity.c.last)
    same = [activity.c.kind, activity.c.value]
    tx.execute(row.on_conflict_do_update(index_elements=same, set_={"last": later}))
