"""Streams of security events: who is told of what, how, and whether they are told now."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from yett.state.accounts.rows import as_struct
from yett.state.accounts.tables import meta, streams

ENABLED, PAUSED, DISABLED = "enabled", "paused", "disabled"


class Stream(Struct, frozen=True, kw_only=True):
    """A receiver's stream (OpenID SSF 1.0 s8.1).

    Args:
        id: the stream's.
        client: whose it is, a `client_id`.
        audience: `aud` of its events.
        method: `push` or `poll`.
        endpoint: where events are pushed; empty for `poll`.
        bearer: sealed value of the `Authorization` field that they are pushed with.
        events: types that were asked for.
        status: `enabled`, `paused` (events wait) or `disabled` (events are not kept).
        created: unix seconds.
    """

    id: str
    client: str
    audience: str
    method: str
    endpoint: str = ""
    bearer: bytes = b""
    events: tuple[str, ...] = ()
    status: str = ENABLED
    created: float = 0.0

    def __repr__(self) -> str:
        return f"Stream(id={self.id!r}, client={self.client!r})"


def add_stream(tx: Connection, stream: Stream) -> None:
    """Put down a new stream."""
    tx.execute(streams.insert().values(**_fields(stream)))


def find_stream(tx: Connection, identifier: str) -> Stream | None:
    """Find a stream by its id."""
    row = tx.execute(select(streams).where(streams.c.id == identifier)).mappings().first()
    return None if row is None else as_struct(row, Stream)


def list_streams(tx: Connection, client: str = "") -> list[Stream]:
    """Return all streams, or those of a client, oldest first."""
    query = select(streams).order_by(streams.c.created, streams.c.id)
    query = query.where(streams.c.client == client) if client else query
    return [as_struct(row, Stream) for row in tx.execute(query).mappings()]


def change_stream(tx: Connection, stream: Stream) -> None:
    """Write a stream's row anew, whole."""
    tx.execute(update(streams).where(streams.c.id == stream.id).values(**_fields(stream)))


def drop_stream(tx: Connection, identifier: str) -> None:
    """Remove a stream; what waits for it is removed by `outbox.forget`."""
    tx.execute(delete(streams).where(streams.c.id == identifier))


def told_until(tx: Connection, source: str) -> int | None:
    """Return the number up to which receivers were told of a log; None where never."""
    value = tx.scalar(select(meta.c.value).where(meta.c.name == f"ssf-{source}"))
    return None if value is None else int(value)


def set_told_until(tx: Connection, source: str, number: int) -> None:
    """Remember the above."""
    name = f"ssf-{source}"
    if tx.execute(update(meta).where(meta.c.name == name).values(value=str(number))).rowcount:
        return
    tx.execute(meta.insert().values(name=name, value=str(number)))


def _fields(stream: Stream) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(stream, builtin_types=(bytes,))
    return {**fields, "events": list(stream.events)}
