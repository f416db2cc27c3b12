"""Authorization requests: pushed ones (RFC 9126), and those that wait for a person.

What a row asks for is the issuer's; here it is a client, parameters, and a time. Each is named by
the digest of a random secret, is used once, and is gone soon. The oldest of those that wait goes
first when there are too many: anybody may begin one.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, delete, func, select, update

from yett.state.accounts.tables import requests

MAX_REQUESTS = 50_000


class KeptRequest(Struct, frozen=True, kw_only=True):
    """A row.

    Args:
        digest: of the secret that names it.
        client: who asks.
        parameters: what for.
        pushed: whether the client sent it itself (RFC 9126), and no browser did.
        expires: unix seconds.
    """

    digest: str
    client: str
    parameters: dict[str, Any]
    pushed: bool
    expires: float


def keep_request(tx: Connection, request: KeptRequest, now: float) -> None:
    """Put a request down, and drop those that are over."""
    tx.execute(delete(requests).where(requests.c.expires <= now))
    _make_room(tx, pushed=request.pushed)
    tx.execute(
        requests.insert().values(
            digest=request.digest,
            client=request.client,
            parameters=request.parameters,
            pushed=request.pushed,
            expires=request.expires,
            used=0.0,
        )
    )


def find_request(tx: Connection, digest: str, now: float, *, pushed: bool) -> KeptRequest | None:
    """Return a request that is neither used nor over."""
    row = tx.execute(
        select(requests).where(
            requests.c.digest == digest,
            requests.c.pushed == pushed,
            requests.c.used == 0.0,
            requests.c.expires > now,
        )
    ).first()
    if row is None:
        return None
    return KeptRequest(
        digest=row.digest,
        client=row.client,
        parameters=row.parameters,
        pushed=row.pushed,
        expires=row.expires,
    )


def use_request(tx: Connection, digest: str, now: float) -> bool:
    """Use a request up; of several at once exactly one is told so."""
    done = tx.execute(
        update(requests)
        .where(requests.c.digest == digest, requests.c.used == 0.0, requests.c.expires > now)
        .values(used=now)
    )
    return done.rowcount == 1


def _make_room(tx: Connection, *, pushed: bool) -> None:
    """Drop the oldest of this kind: browsers that begin requests do not push out clients."""
    kind = requests.c.pushed == pushed
    count = tx.scalar(select(func.count()).select_from(requests).where(kind)) or 0
    if count >= MAX_REQUESTS:
        oldest = select(requests.c.digest).where(kind).order_by(requests.c.expires)
        dropped = oldest.limit(count - MAX_REQUESTS + 1)
        tx.execute(delete(requests).where(requests.c.digest.in_(dropped)))
