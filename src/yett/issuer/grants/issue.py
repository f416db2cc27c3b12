"""Makes and ends grants, and makes the codes that are exchanged for them.

A grant is made when a person has agreed, or a device or a code is to be exchanged; ending it stops
its refresh tokens here and its access tokens at the gate, in one transaction.
RFC 6749 s4.1.2, RFC 9700 s2.1.1 and s4.14.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Connection

from yett.contract.identity_settings import MAX_ACCESS_SECONDS
from yett.credentials.rules import MAX_SKEW_SECONDS
from yett.issuer.server import Server, digest, fresh
from yett.state.accounts.clients import Client
from yett.state.accounts.codes import Code, add_code
from yett.state.accounts.grants import Grant, add_grant, stop_grant
from yett.state.accounts.notices import note
from yett.state.accounts.revocations import revoke
from yett.state.accounts.sessions import Session
from yett.terms import Event

GRANT_BYTES = 16
CODE_SECONDS = 60.0
# For so long access tokens of an ended grant are alive somewhere: a verifier's clock may be off.
OUTLIVES_SECONDS = MAX_ACCESS_SECONDS + MAX_SKEW_SECONDS


def new_grant(
    server: Server,
    tx: Connection,
    *,
    client: Client,
    session: Session,
    scopes: tuple[str, ...],
    now: float,
    details: tuple[dict[str, Any], ...] = (),
    nonce: str = "",
) -> Grant:
    """Make a grant, the family of all tokens that come from it.

    Args:
        server: the server.
        tx: a transaction that writes.
        client: to whom.
        session: the sign-in of who grants it; the grant keeps its `acr`, `amr` and `auth_time`.
        scopes: the most its tokens carry.
        now: unix seconds.
        details: `authorization_details`.
        nonce: for the ID token.
    """
    grant = Grant(
        id=secrets.token_urlsafe(GRANT_BYTES),
        user=session.user,
        client=client.id,
        session=session.id,
        scopes=scopes,
        details=details,
        acr=session.acr,
        amr=session.amr,
        auth_time=session.auth_time,
        nonce=nonce,
        created=now,
        expires=now + server.settings.refresh_lifetime,
        rotated=now,
    )
    add_grant(tx, grant)
    return grant


def new_code(  # noqa: PLR0917 — all that a code is bound to
    tx: Connection,
    grant: Grant,
    client: Client,
    redirect: str,
    challenge: str,
    now: float,
    binding: str = "",
) -> str:
    """Make an authorization code, and return it; only its digest is kept.

    Args:
        tx: a transaction that writes.
        grant: what it is exchanged for.
        client: who may exchange it.
        redirect: the exact `redirect_uri` of the request.
        challenge: `code_challenge`, S256.
        now: unix seconds.
        binding: `jkt:...` where the request had a `dpop_jkt`.
    """
    text = fresh()
    code = Code(
        digest=digest(text),
        grant=grant.id,
        client=client.id,
        redirect=redirect,
        challenge=challenge,
        binding=binding,
        expires=now + CODE_SECONDS,
    )
    add_code(tx, code)
    return text


def end_grant(tx: Connection, grant_id: str, now: float, reason: str, by: str) -> bool:
    """End a grant with every token that came from it; False where it had ended already.

    Args:
        tx: a transaction that writes.
        grant_id: of the family.
        now: unix seconds.
        reason: for the record: `reuse`, `sign-out`, `revoked` ...
        by: who: the id of a user or client, `cli:NAME` or `yett`.
    """
    if not stop_grant(tx, grant_id, now):
        return False
    revoke(tx, "grant", grant_id, now=now, reason=reason, by=by, expires=now + OUTLIVES_SECONDS)
    event = Event(time=now, request="", kind="grant-ended", principal=by, note=reason)
    note(tx, event)
    return True
