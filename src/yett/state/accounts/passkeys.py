"""Passkeys: the public halves of WebAuthn credentials, each of one person.

A revoked passkey stays, so that what it signed can still be verified, and so that nobody can
register it again (WebAuthn L3 s7.1 step 26). The sign counter moves by compare-and-set: of two
sign-ins that present the same one, one fails.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, func, select, update

from yett.state.accounts.tables import passkeys

MAX_PASSKEYS_PER_USER = 20
MAX_LABEL_CHARACTERS = 64


class Passkey(Struct, frozen=True, kw_only=True):
    """A row of `passkeys`.

    Args:
        id: the credential id, base64url.
        user: id of its owner.
        public_key: COSE_Key, CBOR.
        sign_count: the last one seen; 0 for authenticators without one.
        aaguid: the model of the authenticator, as it says; zeros when it does not.
        transports: hints for the browser, `internal`, `hybrid`, `usb` ...
        backup_eligible: whether it may be copied to other devices (BE); never changes.
        backed_up: whether it is (BS).
        label: what its owner calls it.
        created, used, revoked: unix seconds, 0 for never.
    """

    id: str
    user: str
    public_key: bytes
    sign_count: int = 0
    aaguid: str = ""
    transports: tuple[str, ...] = ()
    backup_eligible: bool = False
    backed_up: bool = False
    label: str = ""
    created: float = 0.0
    used: float = 0.0
    revoked: float = 0.0


def add_passkey(tx: Connection, passkey: Passkey) -> bool:
    """Keep a new passkey; False when anybody has, or had, this credential id."""
    if find_passkey(tx, passkey.id) is not None:
        return False
    fields = {name: getattr(passkey, name) for name in Passkey.__struct_fields__}
    tx.execute(passkeys.insert().values(**{**fields, "transports": list(passkey.transports)}))
    return True


def find_passkey(tx: Connection, id: str) -> Passkey | None:  # noqa: A002 - as in users.find_user
    """Return a passkey by its credential id, also a revoked one."""
    return _passkey(tx.execute(select(passkeys).where(passkeys.c.id == id)).first())


def list_passkeys(tx: Connection, user: str, *, revoked: bool = False) -> list[Passkey]:
    """Return the live passkeys of a user, oldest first; also the revoked ones if asked for."""
    query = select(passkeys).where(passkeys.c.user == user)
    if not revoked:
        query = query.where(passkeys.c.revoked == 0.0)
    rows = tx.execute(query.order_by(passkeys.c.created, passkeys.c.id))
    return [passkey for row in rows if (passkey := _passkey(row)) is not None]


def count_passkeys(tx: Connection, user: str) -> int:
    """Return how many live passkeys a user has."""
    query = select(func.count()).select_from(passkeys)
    return int(tx.scalar(query.where(passkeys.c.user == user, passkeys.c.revoked == 0.0)) or 0)


def use_passkey(
    tx: Connection, passkey: Passkey, *, sign_count: int, backed_up: bool, now: float
) -> bool:
    """Put down a use; False when it was used, or revoked, since it was read."""
    done = tx.execute(
        update(passkeys)
        .where(
            passkeys.c.id == passkey.id,
            passkeys.c.sign_count == passkey.sign_count,
            passkeys.c.revoked == 0.0,
        )
        .values(sign_count=sign_count, backed_up=backed_up, used=now)
    )
    return done.rowcount == 1


def rename_passkey(tx: Connection, user: str, id: str, label: str) -> bool:  # noqa: A002 - as above
    """Change what its owner calls a passkey; False when this user has no such one."""
    done = tx.execute(
        update(passkeys)
        .where(passkeys.c.id == id, passkeys.c.user == user, passkeys.c.revoked == 0.0)
        .values(label=label[:MAX_LABEL_CHARACTERS])
    )
    return done.rowcount == 1


def revoke_passkey(tx: Connection, user: str, id: str, now: float) -> bool:  # noqa: A002 - as above
    """End a passkey; False when this user has no such live one."""
    done = tx.execute(
        update(passkeys)
        .where(passkeys.c.id == id, passkeys.c.user == user, passkeys.c.revoked == 0.0)
        .values(revoked=now)
    )
    return done.rowcount == 1


def _passkey(row: Row[Any] | None) -> Passkey | None:
    if row is None:
        return None
    fields = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Passkey(
        **{
            **fields,
            "transports": tuple(fields["transports"]),
            "public_key": bytes(fields["public_key"]),
        }
    )
