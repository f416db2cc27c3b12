"""Which accounts here a caller may be, whatever they show: a token of ours, another's, an API key.

For approvals, where two that may be one person count as one (docs/spec/approval.md section 6), so a
doubt finds an account rather than none. Never a sign-in: an e-mail address proves nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sqlalchemy import Connection, func, or_, select

from yett.state.accounts.links import find_link, links_of
from yett.state.accounts.tables import users
from yett.state.accounts.users import User, find_user

# A token names somebody by six claims, and as many again for each actor (`engine.people`).
MAX_NAMES = 64
MAX_ACCOUNTS = 16


def accounts_known_by(
    tx: Connection, names: Iterable[str], *, issuer: str, subject: str
) -> list[User]:
    """Return the accounts with one of these names, or linked to this subject of this issuer.

    Args:
        tx: a transaction.
        names: everything that names the caller; case does not count.
        issuer: who vouched for the caller.
        subject: as whom.
    """
    folded = sorted({fold(name) for name in names})[:MAX_NAMES]
    named = or_(
        users.c.id.in_(folded), users.c.login.in_(folded), func.lower(users.c.email).in_(folded)
    )
    query = select(users.c.id).where(named).order_by(users.c.id).limit(MAX_ACCOUNTS)
    ids = {str(row[0]) for row in tx.execute(query)}
    link = find_link(tx, issuer, subject)
    if link is not None:
        ids.add(link.user)
    found = (find_user(tx, one) for one in sorted(ids))
    return [user for user in found if user is not None]


def names_of(tx: Connection, user: User) -> set[str]:
    """Return everything that names the person of an account: folded, and as callers are named."""
    names = {user.id, user.login, user.email, *(one.subject for one in links_of(tx, user.id))}
    return {spelt for name in names if name for spelt in (fold(name), name.casefold())}


def fold(name: str) -> str:
    """Return the spelling in which names are compared: that of login names."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
