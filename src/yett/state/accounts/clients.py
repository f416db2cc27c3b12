"""OAuth clients: applications, and service accounts with an owner, one row each.

A client has one way of authenticating (`auth`) and is given only what its row lists. Secrets are
kept as digests, several while one is followed by the next. See RFC 7591 s2 for most of the fields.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select, update

from yett.state.accounts.rows import as_struct
from yett.state.accounts.tables import clients

TOUCH_SECONDS = 60.0  # use is written down at most so often: each write is an fsync


class ClientSecret(Struct, frozen=True, kw_only=True):
    """A secret's digest; good until `expires` (unix seconds), for good where that is 0."""

    digest: str
    created: float
    expires: float = 0.0


class Client(Struct, frozen=True, kw_only=True):
    """An OAuth client.

    Args:
        id, name: the `client_id`, and what people are shown.
        kind: `public`, `confidential` or `service`.
        owner: id of the user who answers for it; always set for a service.
        status: `active` or `disabled`.
        auth: its one `token_endpoint_auth_method`.
        secrets: good ones, and those being replaced.
        jwks: its public keys for `private_key_jwt`, a JWK set, empty for none.
        certificate: `x5t:THUMBPRINT` or a name such as `dns:...` (RFC 8705 s2).
        grants: grant types it may use.
        redirects, logout_redirects: exact URIs.
        scopes, roles, tenant: the most it may be given; roles are a service's own.
        bound: whether it gets only DPoP or mTLS bound tokens.
        trusted: whether its users are not asked for consent.
        created, active, warned, disabled: unix seconds.
    """

    id: str
    kind: str
    auth: str
    name: str = ""
    owner: str = ""
    status: str = "active"
    secrets: tuple[ClientSecret, ...] = ()
    jwks: dict[str, Any] = {}
    certificate: str = ""
    grants: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    logout_redirects: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tenant: str = ""
    bound: bool = False
    trusted: bool = False
    created: float = 0.0
    active: float = 0.0
    warned: float = 0.0
    disabled: float = 0.0


def find_client(tx: Connection, identifier: str) -> Client | None:
    """Find a client by its `client_id`, disabled or not; whatever was sent may be asked for."""
    if not identifier.isprintable():
        return None  # PostgreSQL refuses a NUL, and every driver half a surrogate
    row = tx.execute(select(clients).where(clients.c.id == identifier)).mappings().first()
    return None if row is None else as_struct(row, Client)


def list_clients(tx: Connection, *, services: bool | None = None) -> list[Client]:
    """Return all clients by id; only service accounts, or all but those, where asked for."""
    query = select(clients).order_by(clients.c.id)
    if services is not None:
        query = query.where((clients.c.kind == "service") == services)
    return [as_struct(row, Client) for row in tx.execute(query).mappings()]


def add_client(tx: Connection, client: Client) -> None:
    """Put down a new client.

    Raises:
        IntegrityError: there is one of that id.
    """
    tx.execute(clients.insert().values(**msgspec.to_builtins(client)))


def change_client(tx: Connection, client: Client) -> bool:
    """Write a client's row anew, whole; False where there is none."""
    fields = msgspec.to_builtins(client)
    done = tx.execute(update(clients).where(clients.c.id == client.id).values(**fields))
    return done.rowcount == 1


def touch_client(tx: Connection, identifier: str, now: float) -> None:
    """Remember that a client was used, at most once a minute; what it was warned of is over."""
    stale = (clients.c.id == identifier) & (clients.c.active < now - TOUCH_SECONDS)
    tx.execute(update(clients).where(stale).values(active=now, warned=0.0))
