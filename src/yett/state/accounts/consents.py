"""Consents: which scopes a person has allowed a client before, one row for both.

Only remembered, never a right of its own: what a token may do is decided when it is issued.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from yett.state.accounts.tables import consents


class Consent(Struct, frozen=True, kw_only=True):
    """A row of `consents`; `created` is the time of the last answer, unix seconds."""

    user: str
    client: str
    scopes: frozenset[str]
    created: float


def find_consent(tx: Connection, user: str, client: str) -> Consent | None:
    """Return what a person has allowed a client."""
    row = tx.execute(
        select(consents).where(consents.c.user == user, consents.c.client == client)
    ).first()
    return None if row is None else _consent(row.user, row.client, row.scopes, row.created)


def list_consents(tx: Connection, user: str) -> list[Consent]:
    """Return all that a person has allowed, by client."""
    found = select(consents).where(consents.c.user == user).order_by(consents.c.client)
    return [_consent(row.user, row.client, row.scopes, row.created) for row in tx.execute(found)]


def add_consent(
    tx: Connection, user: str, client: str, scopes: tuple[str, ...], now: float
) -> None:
    """Remember further scopes, beside those that were allowed before."""
    before = find_consent(tx, user, client)
    values = {"scopes": sorted({*scopes, *(before.scopes if before else ())}), "created": now}
    # One statement: of two pages answered at once on two hosts neither finds the other's row.
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    row = dialect.insert(consents).values(user=user, client=client, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["user", "client"], set_=values))


def drop_consent(tx: Connection, user: str, client: str) -> bool:
    """Forget what a person has allowed a client; False when there was nothing."""
    mine = (consents.c.user == user) & (consents.c.client == client)
    return tx.execute(delete(consents).where(mine)).rowcount == 1


def _consent(user: str, client: str, scopes: list[str], created: float) -> Consent:
    return Consent(user=user, client=client, scopes=frozenset(scopes), created=created)
