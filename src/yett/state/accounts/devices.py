"""Devices that wait for somebody to allow them on another screen (RFC 8628).

pending -> allowed | denied, allowed -> used: each step is one `UPDATE ... WHERE status`, so of two
answers, or two polls at once, exactly one comes through. The device code is kept as a digest; the
user code is short, of no use without it, and gone within minutes.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, delete, func, select, update

from yett.state.accounts.tables import devices

MAX_DEVICES = 50_000
REMEMBERED_SECONDS = 600.0  # after it expired, for which a device is told so

PENDING, ALLOWED, DENIED, USED = "pending", "allowed", "denied", "used"


class Device(Struct, frozen=True, kw_only=True):
    """A device that waits.

    Args:
        digest: of its device code.
        user_code: what the person types, without hyphens, upper-case.
        client: who asked.
        scopes: asked for.
        grant: id of what it was granted, once it is allowed.
        status: `pending`, `allowed`, `denied` or `used`.
        interval: seconds that it must leave between two polls.
        polled, expires: unix seconds.
    """

    digest: str
    user_code: str
    client: str
    scopes: tuple[str, ...] = ()
    grant: str = ""
    status: str = PENDING
    interval: int = 5
    polled: float = 0.0
    expires: float

    def __repr__(self) -> str:
        return f"Device(client={self.client!r}, status={self.status!r})"


def add_device(tx: Connection, device: Device, now: float) -> None:
    """Put down a device, and drop those that are over; the oldest where there are too many."""
    tx.execute(delete(devices).where(devices.c.expires <= now - REMEMBERED_SECONDS))
    count = tx.scalar(select(func.count()).select_from(devices)) or 0
    if count >= MAX_DEVICES:
        oldest = select(devices.c.digest).order_by(devices.c.expires)
        dropped = oldest.limit(count - MAX_DEVICES + 1)
        tx.execute(delete(devices).where(devices.c.digest.in_(dropped)))
    tx.execute(devices.insert().values(**msgspec.to_builtins(device)))


def find_device(tx: Connection, digest: str) -> Device | None:
    """Find a device by the digest of its device code, whatever became of it."""
    return _device(tx.execute(select(devices).where(devices.c.digest == digest)).first())


def find_user_code(tx: Connection, user_code: str) -> Device | None:
    """Find a device by its user code, whatever became of it."""
    return _device(tx.execute(select(devices).where(devices.c.user_code == user_code)).first())


def answer_device(tx: Connection, digest: str, status: str, now: float, *, grant: str = "") -> bool:
    """Allow or deny a device; False where somebody has answered, or it is over."""
    waiting = (
        (devices.c.digest == digest) & (devices.c.status == PENDING) & (devices.c.expires > now)
    )
    done = tx.execute(update(devices).where(waiting).values(status=status, grant=grant))
    return done.rowcount == 1


def use_device(tx: Connection, digest: str, now: float) -> bool:
    """Use an allowed device up; False where it is not allowed, used, or over."""
    allowed = (
        (devices.c.digest == digest) & (devices.c.status == ALLOWED) & (devices.c.expires > now)
    )
    return tx.execute(update(devices).where(allowed).values(status=USED)).rowcount == 1


def polled_device(tx: Connection, digest: str, now: float, interval: int) -> None:
    """Remember a poll, and the interval until the next one."""
    named = update(devices).where(devices.c.digest == digest)
    tx.execute(named.values(polled=now, interval=interval))


def _device(row: Row[Any] | None) -> Device | None:
    if row is None:
        return None
    fields = row._asdict()
    return Device(**{**fields, "scopes": tuple(fields["scopes"])})
