"""Whom a security event is about: subject identifiers, mapped to accounts here or outside.

A simple subject is a person; a complex one names a person, a session, or both. Of RFC 9493 the
formats `iss_sub`, `email` and `opaque` are known; what cannot be mapped names nobody, and is only
recorded. With `subjects` configured they are principals of that issuer, and no account here.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, func, select

from yett.contract.identity_settings import TransmitterConfig
from yett.credentials.structure import is_identifier
from yett.issuer.server import Server
from yett.state.accounts.links import find_link
from yett.state.accounts.tables import users
from yett.state.accounts.users import User, find_external, find_user


class About(Struct, frozen=True, kw_only=True):
    """Whom an event is about.

    Args:
        user: an account here.
        subject: `sub` at the outside issuer.
        session: `sid`, of either.
        issuer: who vouches for the subject and session at the gate.
    """

    issuer: str
    user: User | None = None
    subject: str = ""
    session: str = ""

    @property
    def nobody(self) -> bool:
        """Whether it names nobody that is known."""
        return self.user is None and not self.subject and not self.session


def find_about(
    server: Server, tx: Connection, config: TransmitterConfig, subject: dict[str, Any]
) -> About:
    """Find whom a `sub_id` names."""
    person: Any = subject
    session: Any = None
    if subject.get("format") == "complex" or "format" not in subject:
        person, session = subject.get("user"), subject.get("session")
    sid = _id_of(session, config.subjects or config.url)
    if config.subjects:
        name = _id_of(person, config.subjects)
        return About(issuer=config.subjects, subject=name, session=sid)
    user = _account(server, tx, config, person)
    return About(issuer=server.url, user=user, session=sid)


def _account(server: Server, tx: Connection, config: TransmitterConfig, person: Any) -> User | None:
    match person:
        case {"format": "iss_sub", "iss": str(issuer), "sub": str(subject)}:
            if issuer == server.url:
                return find_user(tx, subject)
            # A transmitter speaks of its own people: another's it may not sign out.
            link = find_link(tx, issuer, subject) if issuer == config.url else None
            return find_user(tx, link.user) if link is not None else None
        case {"format": "email", "email": str(email)} if email:
            found = tx.execute(
                select(users.c.id).where(func.lower(users.c.email) == email.lower()).limit(2)
            ).all()
            return find_user(tx, found[0].id) if len(found) == 1 else None
        case {"format": "opaque", "id": str(id_)} if id_:
            return find_user(tx, id_) or find_external(tx, id_)
    return None


def _id_of(person: Any, issuer: str) -> str:
    """Return the identifier within an issuer; empty where there is none, or it is another's."""
    found: object = ""
    match person:
        case {"format": "iss_sub", "iss": named, "sub": value}:
            found = value if named == issuer else ""
        case {"format": "opaque", "id": value} | {"format": "email", "email": value}:
            found = value
    return str(found) if is_identifier(found) else ""
