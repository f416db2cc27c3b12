"""Security events that wait for their receivers: put down with their cause, removed when taken."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import Connection, delete, func, select, update

from yett.state.accounts.rows import as_struct
from yett.state.accounts.tables import outbox


class Waiting(Struct, frozen=True, kw_only=True):
    """An event that waits.

    Args:
        jti: its identifier.
        stream: for whom.
        token: the signed event.
        created: when it was put down.
        due: not before (unix seconds).
        tries: how often it was pushed in vain.
    """

    jti: str
    stream: str
    token: str
    created: float
    due: float
    tries: int = 0

    def __repr__(self) -> str:
        return f"Waiting(jti={self.jti!r}, stream={self.stream!r})"


def put_event(tx: Connection, waiting: Waiting) -> None:
    """Put an event down."""
    values = {name: getattr(waiting, name) for name in Waiting.__struct_fields__}
    tx.execute(outbox.insert().values(**values))


def waiting_for(tx: Connection, stream: str, most: int, due: float | None = None) -> list[Waiting]:
    """Return what waits for a stream, oldest first; only what is due at `due`, if given."""
    query = select(outbox).where(outbox.c.stream == stream)
    query = query.where(outbox.c.due <= due) if due is not None else query
    rows = tx.execute(query.order_by(outbox.c.created, outbox.c.jti).limit(most)).mappings()
    return [as_struct(row, Waiting) for row in rows]


def count_waiting(tx: Connection, stream: str) -> int:
    """Return how many wait for a stream."""
    query = select(func.count()).select_from(outbox).where(outbox.c.stream == stream)
    return int(tx.scalar(query) or 0)


def taken(tx: Connection, stream: str, ids: Iterable[str]) -> int:
    """Remove what the receiver of this stream has; another's is not touched."""
    mine = (outbox.c.stream == stream) & outbox.c.jti.in_(list(ids))
    return tx.execute(delete(outbox).where(mine)).rowcount


def claim(tx: Connection, *, one: Waiting, due: float) -> bool:
    """Put an event off while it is pushed; False where somebody else has touched it meanwhile."""
    same = (outbox.c.jti == one.jti) & (outbox.c.due == one.due)
    return tx.execute(update(outbox).where(same).values(due=due)).rowcount == 1


def put_off(tx: Connection, jti: str, due: float) -> None:
    """Try again later."""
    values = {"due": due, "tries": outbox.c.tries + 1}
    tx.execute(update(outbox).where(outbox.c.jti == jti).values(**values))


def forget(tx: Connection, stream: str) -> int:
    """Remove all that waits for a stream; return how many."""
    return tx.execute(delete(outbox).where(outbox.c.stream == stream)).rowcount
