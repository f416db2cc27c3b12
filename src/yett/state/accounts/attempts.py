"""Failed tries of what can be guessed, counted in the store so that all processes share them.

A subject is what is guessed or who guesses: an account, a source, both together. After some free
tries each further one must wait longer, up to a longest pause; nothing is locked for good, since a
lock is a weapon of whoever wants somebody kept out (OWASP ASVS 2.4, NIST SP 800-63B s5.2.2). What
is no longer needed is forgotten, and the table is bounded. All of it runs inside a transaction
that writes: two tries at the same moment are two tries.
"""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from yett.state.accounts.tables import attempts

MAX_ROWS = 200_000  # about 30 MB
EVICTED_AT_ONCE = 2_000
FORGOTTEN_AT_ONCE = 64
MEMORY_SECONDS = 86_400.0
ONE_IN = 256  # new rows that look whether the table is full: counting it takes milliseconds

_KIND = re.compile(r"[a-z_-]{1,40}:")  # written by the caller, for whoever reads the table


class Pace(Struct, frozen=True, kw_only=True):
    """How fast something may be tried.

    Args:
        free: tries before the first pause.
        longest: the longest pause, seconds; each is twice the one before, from one second.
        memory: seconds without a failed try after which all is forgotten.
    """

    free: int = 5
    longest: float = 30.0
    memory: float = 3600.0


USUAL = Pace()


def waits(tx: Connection, subject: str, now: float) -> float:
    """Return for how many seconds the subject must still wait, 0.0 for not at all."""
    until = tx.scalar(select(attempts.c.until).where(attempts.c.subject == _key(subject)))
    return max(0.0, (until or 0.0) - now)


def count(tx: Connection, subject: str, now: float, pace: Pace = USUAL) -> None:
    """Count a failed try, and set the pause that it costs."""
    key = _key(subject)
    columns = select(attempts.c["count"], attempts.c.since)
    found = tx.execute(columns.where(attempts.c.subject == key)).first()
    if found is None:
        _make_room(tx, key, now)
    before, since = found or (0, now)
    tries = 1 + (before if now - since < pace.memory else 0)
    _put(tx, key, tries, now, now + pause(tries, pace))


def take(tx: Connection, subject: str, now: float, pace: Pace = USUAL) -> float:
    """Count a try as failed before it is made, unless it must wait.

    For what takes long to verify outside the transaction: a hundred tries sent at once would else
    all find that nobody has failed yet (CWE-367). A good one is cleared afterwards.

    Returns:
        Seconds to wait; 0.0 when the try may be made.
    """
    wait = waits(tx, subject, now)
    if not wait:
        count(tx, subject, now, pace)
    return wait


def clear(tx: Connection, subject: str) -> None:
    """Forget the failed tries of a subject."""
    tx.execute(delete(attempts).where(attempts.c.subject == _key(subject)))


def forgive(tx: Connection, subject: str) -> None:
    """Take back one try that turned out good, and the pause that it cost."""
    row = attempts.c
    taken = update(attempts).where(row.subject == _key(subject), row["count"] > 0)
    tx.execute(taken.values({"count": row["count"] - 1, "until": 0.0}))


def pause(tries: int, pace: Pace) -> float:
    """Return the seconds to wait after so many failed tries."""
    over = tries - pace.free
    return 0.0 if over <= 0 else min(pace.longest, 2.0 ** min(over - 1, 40))


def _key(subject: str) -> str:
    """Keep no name as it was typed: a password in the wrong field must not be stored (CWE-312)."""
    kind = _KIND.match(subject)
    return (
        f"{kind[0] if kind else ''}{hashlib.sha256(subject.encode('utf-8', 'replace')).hexdigest()}"
    )


def _put(tx: Connection, key: str, tries: int, now: float, until: float) -> None:
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    values = {"count": tries, "since": now, "until": until}
    statement = dialect.insert(attempts).values(subject=key, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["subject"], set_=values))


def _make_room(tx: Connection, key: str, now: float) -> None:
    """Forget what is old; when the table is full, those who failed least (an attacker most)."""
    old = (
        select(attempts.c.subject)
        .where(attempts.c.since < now - MEMORY_SECONDS)
        .limit(FORGOTTEN_AT_ONCE)
    )
    tx.execute(delete(attempts).where(attempts.c.subject.in_(old)))
    if int(key[-8:], 16) % ONE_IN:
        return
    if (tx.scalar(select(func.count()).select_from(attempts)) or 0) >= MAX_ROWS:
        least = (
            select(attempts.c.subject)
            .order_by(attempts.c["count"], attempts.c.since)
            .limit(EVICTED_AT_ONCE)
        )
        tx.execute(delete(attempts).where(attempts.c.subject.in_(least)))
