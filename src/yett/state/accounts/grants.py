"""Grants: what a person gave a client once; every token of it names this family.

A refresh token is not a row: the grant has a sealed key and a generation, and the token of each
generation is derived from both (`issuer/grants/refreshing.py`). Rotation is one compare-and-set on
(id, generation), so that of any number at once exactly one comes through, on any host.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from yett.state.accounts.rows import as_struct
from yett.state.accounts.tables import grants


class Grant(Struct, frozen=True, kw_only=True):
    """What was granted.

    Args:
        id: of the family; empty for one that is not kept (client credentials).
        user: id of the person, empty where a service acts for itself.
        client: the `client_id`.
        session: id of the browser session in which it was granted, `sid` of its tokens.
        scopes: the most its tokens carry.
        details: `authorization_details` (RFC 9396).
        acr, amr, auth_time: how and when the person authenticated; a refresh changes none.
        binding: `jkt:...` or `x5t:...`, empty for none.
        nonce: of the ID token.
        created, expires, ended: unix seconds; `ended` is 0 while it lives.
        generation: of the refresh token that is good now.
        rotated: when that one was made.
        key: the sealed key that refresh tokens are derived from, empty while there is none.
    """

    id: str
    client: str
    user: str = ""
    session: str = ""
    scopes: tuple[str, ...] = ()
    details: tuple[dict[str, Any], ...] = ()
    acr: str = ""
    amr: tuple[str, ...] = ()
    auth_time: float = 0.0
    binding: str = ""
    nonce: str = ""
    created: float = 0.0
    expires: float = 0.0
    ended: float = 0.0
    generation: int = 0
    rotated: float = 0.0
    key: bytes = b""

    def lives(self, now: float) -> bool:
        """Whether it was neither ended nor has run out."""
        return not self.ended and now < self.expires


def find_grant(tx: Connection, identifier: str) -> Grant | None:
    """Find a grant, ended or not."""
    row = tx.execute(select(grants).where(grants.c.id == identifier)).mappings().first()
    return None if row is None else as_struct(row, Grant)


def list_grants(
    tx: Connection, now: float, *, user: str = "", client: str = "", session: str = ""
) -> list[Grant]:
    """Return the grants that live, of a user, a client, a session, or all that are named."""
    query = select(grants).where(grants.c.ended == 0.0, grants.c.expires > now)
    for column, value in ((grants.c.user, user), (grants.c.client, client)):
        query = query.where(column == value) if value else query
    query = query.where(grants.c.session == session) if session else query
    found = tx.execute(query.order_by(grants.c.created)).mappings()
    return [as_struct(row, Grant) for row in found]


def add_grant(tx: Connection, grant: Grant) -> None:
    """Put down a new grant."""
    tx.execute(grants.insert().values(**msgspec.to_builtins(grant, builtin_types=(bytes,))))


def keep_key(tx: Connection, identifier: str, key: bytes, now: float) -> bool:
    """Keep the sealed key of a grant's refresh tokens; False where it has one already."""
    fresh = (grants.c.id == identifier) & (grants.c.key == b"")
    done = tx.execute(update(grants).where(fresh).values(key=key, rotated=now))
    return done.rowcount == 1


def bind_grant(tx: Connection, identifier: str, binding: str) -> bool:
    """Bind a grant to what its first exchange proved; False where it is bound already."""
    free = (grants.c.id == identifier) & (grants.c.binding == "")
    return tx.execute(update(grants).where(free).values(binding=binding)).rowcount == 1


def forget_grants(tx: Connection, before: float) -> int:
    """Remove grants that were over before a time, and return how many."""
    ended = (grants.c.ended > 0.0) & (grants.c.ended < before)
    return tx.execute(delete(grants).where(ended | (grants.c.expires < before))).rowcount


def rotate_grant(tx: Connection, identifier: str, generation: int, now: float) -> bool:
    """Move a living grant on from this generation; False where somebody else has."""
    current = (
        (grants.c.id == identifier) & (grants.c.generation == generation) & (grants.c.ended == 0.0)
    )
    done = tx.execute(update(grants).where(current).values(generation=generation + 1, rotated=now))
    return done.rowcount == 1


def stop_grant(tx: Connection, identifier: str, now: float) -> bool:
    """Mark a grant as ended; False where it was already. Use `issuer.grants.issue.end_grant`."""
    living = (grants.c.id == identifier) & (grants.c.ended == 0.0)
    done = tx.execute(update(grants).where(living).values(ended=now, key=b""))
    return done.rowcount == 1
