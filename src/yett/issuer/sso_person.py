"""Which account an outside person is: by issuer and subject, or a fresh one where that is allowed.

Never by e-mail address or name, verified or not: a provider that lets somebody take over an address
must not hand over an account (CWE-287; OpenID Connect Core s5.7). A made account has the roles of
the configuration and no others, and a login name that nobody else can have.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection

from yett.contract.identity_settings import ProviderConfig
from yett.issuer.errors import OAuthError
from yett.issuer.sso_token import Outsider
from yett.state.accounts.links import Link, add_link, find_link
from yett.state.accounts.notices import note_person
from yett.state.accounts.users import User, add_user, find_user, fold_login
from yett.state.errors import StateError

STRANGER = "no account here is linked to this person; ask an administrator"
TAKEN = "this person is linked to an account already"


def find_person(tx: Connection, config: ProviderConfig, outsider: Outsider, now: float) -> User:
    """Return the account of an outside person, made now where the provider may.

    Raises:
        OAuthError: there is none, and none is made.
    """
    link = find_link(tx, outsider.issuer, outsider.subject)
    user = find_user(tx, link.user) if link is not None else None
    if user is not None:
        return user
    if link is not None or not config.create:
        # A link whose account is gone is not linked anew: ids are never reused.
        raise OAuthError("access_denied", STRANGER, status=403)
    return _made(tx, config, outsider, now)


def link_person(tx: Connection, user: User, outsider: Outsider, now: float) -> None:
    """Link an outside person to the account that asked for it.

    Raises:
        OAuthError: they are linked to another.
    """
    held = find_link(tx, outsider.issuer, outsider.subject)
    if held is not None and held.user != user.id:
        raise OAuthError("access_denied", TAKEN, status=409)
    if held is None:
        _link(tx, user, outsider, now, "account-linked")


def _made(tx: Connection, config: ProviderConfig, outsider: Outsider, now: float) -> User:
    user = add_user(
        tx,
        login=_login(config.name, outsider.subject),
        now=now,
        email=outsider.email,
        name=outsider.name,
        roles=config.roles,
    )
    _link(tx, user, outsider, now, "account-made")
    return user


def _login(provider: str, subject: str) -> str:
    """Return a login name of this person alone: folding must not make two subjects one."""
    try:
        if fold_login(subject) == subject:
            return f"{provider}:{subject}"
    except StateError:
        pass
    return f"{provider}:{hashlib.sha256(subject.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _link(tx: Connection, user: User, outsider: Outsider, now: float, kind: str) -> None:
    link = Link(issuer=outsider.issuer, subject=outsider.subject, user=user.id, created=now)
    add_link(tx, link)
    note_person(
        tx,
        kind,
        user.id,
        now=now,
        issuer=outsider.issuer,
        tenant=user.tenant,
        text=f"subject {outsider.subject}",
    )
