"""Revocations: who or what is not accepted any more; a log that only grows until it is pruned.

A revocation names a subject, client, session, token id, API key, signing key or grant, never the
text of a token: one valid token has several spellings (notes/identity 0.4). Taking one back is a
further row (`lift`), so that whoever follows the numbers learns of it as well. Numbers become
visible in their order, on PostgreSQL by a lock, so a reader that asks for what is new misses none.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    String,
    and_,
    cast,
    delete,
    false,
    func,
    or_,
    select,
    text,
)

from yett.state.accounts.tables import revocations
from yett.state.errors import StateError

KINDS = ("sub", "client", "sid", "jti", "key", "kid", "grant")
LIFT = "lift"
MAX_VALUE_CHARACTERS = 1024
MAX_REASON_CHARACTERS = 200
MOST_AT_ONCE = 4096
# How long a lifted revocation and its lift are kept: a worker that could not read for as long as
# that reads everything again anyway.
LIFTED_SECONDS = 86400.0
# A clock that is behind, and the largest skew an issuer may be given.
PRUNE_MARGIN_SECONDS = 600.0
_ORDER_LOCK = 0x79657474  # "yett"


class Revoked(Struct, frozen=True, kw_only=True):
    """One row.

    Args:
        number: its place in the log.
        kind: what `value` is: one of `KINDS`, or `lift` for the number of a row taken back.
        value: the identifier.
        issuer: only what this issuer vouched for; any when empty.
        before: only what was issued before (unix seconds); everything when None.
        reason: for people.
        by: who did it.
        at: when (unix seconds).
        expires: when nothing that it covers can be alive any more; 0 for never.
    """

    number: int
    kind: str
    value: str
    issuer: str = ""
    before: float | None = None
    reason: str = ""
    by: str = ""
    at: float = 0.0
    expires: float = 0.0


def revoke(
    tx: Connection,
    kind: str,
    value: str,
    *,
    now: float,
    reason: str,
    by: str,
    issuer: str = "",
    before: float | None = None,
    expires: float = 0.0,
) -> int:
    """Revoke what `kind` and `value` name; every worker refuses it within one second.

    Args:
        tx: the transaction; the revocation is in force once it commits.
        kind: one of `KINDS`.
        value: the identifier, never the text of a token.
        now: unix seconds.
        reason: for people, one line.
        by: who does it: the id of a user or client, `cli:NAME`, or `yett`.
        issuer: only what this issuer vouched for; any when empty.
        before: only what was issued before (unix seconds); everything, for ever, when None.
        expires: when nothing that it covers can be alive any more; 0 where nobody can know.

    Returns:
        The number of the revocation.

    Raises:
        StateError: `kind` is none, or `value` is empty or too long to be an identifier.
    """
    if kind not in KINDS:
        raise StateError(f"`{kind}` cannot be revoked", hint="one of " + ", ".join(KINDS))
    if not 0 < len(value) <= MAX_VALUE_CHARACTERS:
        message = f"a revocation names 1 to {MAX_VALUE_CHARACTERS} characters"
        raise StateError(message, hint="revoke a token by its `jti`, never by its text")
    return _append(
        tx,
        kind=kind,
        value=value,
        issuer=issuer,
        before=before,
        reason=reason[:MAX_REASON_CHARACTERS],
        by=by,
        at=now,
        expires=expires,
    )


def lift(tx: Connection, number: int, *, now: float, reason: str, by: str) -> Revoked | None:
    """Take a revocation back; None where none of this number is in force.

    It gives back nothing that was ended beside it: sessions, grants and keys stay ended.
    """
    row = tx.execute(
        select(revocations).where(revocations.c.number == number, _in_force(now))
    ).one_or_none()
    if row is None:
        return None
    text_ = reason[:MAX_REASON_CHARACTERS]
    _append(tx, kind=LIFT, value=str(number), reason=text_, by=by, at=now, expires=0.0)
    return _revoked(row)


def since(tx: Connection, number: int, most: int = MOST_AT_ONCE) -> list[Revoked]:
    """Return the rows after `number` in their order, lifts among them, at most `most`."""
    found = select(revocations).where(revocations.c.number > number)
    rows = tx.execute(found.order_by(revocations.c.number).limit(most))
    return [_revoked(row) for row in rows]


def in_force(tx: Connection, now: float) -> list[Revoked]:
    """Return the revocations that are in force, oldest first, without those taken back."""
    rows = tx.execute(select(revocations).where(_in_force(now)).order_by(revocations.c.number))
    return [_revoked(row) for row in rows]


def is_covered(
    tx: Connection, names: tuple[tuple[str, str], ...], *, issuer: str, issued: float, now: float
) -> bool:
    """Whether a revocation in force covers a token; the issuer asks the store itself.

    Args:
        tx: the transaction.
        names: kind and value of all that the token names; empty values are skipped.
        issuer: who issued it.
        issued: its `iat`.
        now: unix seconds.
    """
    table = revocations.c
    named = [and_(table.kind == kind, table.value == value) for kind, value in names if value]
    here = table.issuer.in_(("", issuer))
    late = or_(table.before.is_(None), table.before > issued)
    found = select(table.number).where(or_(false(), *named), here, late, _in_force(now)).limit(1)
    return tx.execute(found).first() is not None


def last_number(tx: Connection) -> int:
    """Return the number of the newest row, 0 when there is none."""
    return tx.scalar(select(func.max(revocations.c.number))) or 0


def prune(tx: Connection, now: float) -> int:
    """Delete what covers nothing that is still alive; return how many rows. Numbers stay used."""
    table = revocations.c
    ended = and_(table.expires > 0.0, table.expires < now - PRUNE_MARGIN_SECONDS)
    lifts = tx.execute(
        select(table.number, table.value).where(table.kind == LIFT, table.at < now - LIFTED_SECONDS)
    ).all()
    lifted = [number for row in lifts for number in (row.number, int(row.value))]
    # The newest row stays: SQLite would give its number to the next one.
    gone = and_(or_(ended, table.number.in_(lifted)), table.number < last_number(tx))
    return tx.execute(delete(revocations).where(gone)).rowcount


def _append(tx: Connection, **values: object) -> int:
    if tx.dialect.name == "postgresql":
        # Held until the commit: without it a number could become visible after a later one.
        tx.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _ORDER_LOCK})
    key = tx.execute(revocations.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _in_force(now: float) -> ColumnElement[bool]:
    table, lifts = revocations.c, revocations.alias()
    taken_back = select(lifts.c.number).where(
        lifts.c.kind == LIFT, lifts.c.value == cast(table.number, String)
    )
    alive = or_(table.expires == 0.0, table.expires > now)
    return and_(table.kind != LIFT, alive, ~taken_back.correlate(revocations).exists())


def _revoked(row: Row[tuple[object, ...]]) -> Revoked:
    return Revoked(**row._asdict())
