"""Authorization codes: good once, for a minute, for one client; kept as digests.

Using one is a single `UPDATE ... WHERE used = 0`; a used one is kept until it would have expired
long since, so that a replay is known for what it is (RFC 6749 s4.1.2).
"""

from __future__ import annotations

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from yett.state.accounts.rows import as_struct
from yett.state.accounts.tables import codes


class Code(Struct, frozen=True, kw_only=True):
    """An authorization code.

    Args:
        digest: of the code itself.
        grant: what it is exchanged for.
        client: who may exchange it.
        redirect: the exact `redirect_uri` it was sent to.
        challenge: PKCE, always S256.
        binding: `jkt:...` where the request named the key (`dpop_jkt`, RFC 9449 s10).
        expires, used: unix seconds; `used` is 0 until then.
    """

    digest: str
    grant: str
    client: str
    redirect: str
    challenge: str
    binding: str = ""
    expires: float = 0.0
    used: float = 0.0


def find_code(tx: Connection, digest: str) -> Code | None:
    """Find a code, used or not."""
    row = tx.execute(select(codes).where(codes.c.digest == digest)).mappings().first()
    return None if row is None else as_struct(row, Code)


def add_code(tx: Connection, code: Code) -> None:
    """Put down a new code."""
    tx.execute(codes.insert().values(**msgspec.to_builtins(code)))


def use_code(tx: Connection, digest: str, now: float) -> bool:
    """Use a code up; False where it was used before."""
    unused = (codes.c.digest == digest) & (codes.c.used == 0.0)
    return tx.execute(update(codes).where(unused).values(used=now)).rowcount == 1


def forget_codes(tx: Connection, before: float) -> int:
    """Remove codes that expired before a time; return how many."""
    return tx.execute(delete(codes).where(codes.c.expires < before)).rowcount
