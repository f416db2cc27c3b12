"""Links: which account a person of an outside OpenID provider is here.

Known by issuer and subject alone. An e-mail address is never a link: whoever controls the address
at one provider, or a provider that does not check it, would take over the account (OpenID Connect
Core s5.7; CWE-287).
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from yett.state.accounts.tables import links


class Link(Struct, frozen=True, kw_only=True):
    """A person of an outside provider, and the account here; `created` in unix seconds."""

    issuer: str
    subject: str
    user: str
    created: float


def find_link(tx: Connection, issuer: str, subject: str) -> Link | None:
    """Find the account of a provider's person."""
    known = select(links).where(links.c.issuer == issuer, links.c.subject == subject)
    row = tx.execute(known).mappings().first()
    return None if row is None else Link(**row)


def links_of(tx: Connection, user: str) -> tuple[Link, ...]:
    """Return the links of an account, the oldest first."""
    rows = tx.execute(select(links).where(links.c.user == user).order_by(links.c.created))
    return tuple(Link(**row) for row in rows.mappings())


def add_link(tx: Connection, link: Link) -> None:
    """Link an account.

    Raises:
        IntegrityError: that person is linked already, to this account or another.
    """
    tx.execute(
        insert(links).values(
            issuer=link.issuer, subject=link.subject, user=link.user, created=link.created
        )
    )


def drop_link(tx: Connection, link: Link) -> bool:
    """Take a link away; False when it was not there."""
    same = (links.c.issuer == link.issuer) & (links.c.subject == link.subject)
    return tx.execute(delete(links).where(same, links.c.user == link.user)).rowcount == 1
