"""Browser sessions at the issuer: who is signed in, since when and how; begun, renewed and ended.

The cookie's value is rotated at every sign-in and step-up (CWE-384); only its digest is kept. Where
the API stands behind the same host, a short `session+jwt` in a second, `Strict` cookie opens it,
which `/session` renews. An end is a revocation of the `sid`: workers know it within a second.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.contract.identity_settings import MAX_ACCESS_SECONDS
from yett.issuer import cookies
from yett.issuer.cookies import Header
from yett.issuer.grants.issue import end_grant
from yett.issuer.http import Ask
from yett.issuer.scopes import OFFLINE
from yett.issuer.server import Server, digest, fresh
from yett.issuer.tokens import mint_session
from yett.state.accounts.grants import list_grants
from yett.state.accounts.notices import note_person
from yett.state.accounts.revocations import revoke
from yett.state.accounts.sessions import (
    Session,
    add_session,
    end_session,
    find_cookie,
    rotate_session,
    saw_session,
)
from yett.state.accounts.store import WRITES
from yett.state.accounts.users import ACTIVE, User, find_user

# No token of a session outlives both it and the longest access token; clocks differ.
MARGIN_SECONDS = 600.0
CLOCK_STEP_SECONDS = 0.001  # `iat` is rounded down to it


def current(server: Server, tx: Connection, ask: Ask) -> Session | None:
    """Return the browser's live sign-in, None when there is none, or its user may not sign in.

    In a transaction that writes, its use is put down, at most once a minute; one that nobody uses
    for `session_idle` seconds is over.
    """
    secret = cookies.read_cookie(server, ask, cookies.SIGN_IN)
    session = find_cookie(tx, digest(secret)) if secret else None
    if session is None or not _lives(server, session, ask.now):
        return None
    user = find_user(tx, session.user)
    if user is None or user.status != ACTIVE:
        return None
    if tx.get_execution_options().get(WRITES, False):
        saw_session(tx, session, ask.now)
    return session


def begin(
    server: Server,
    tx: Connection,
    ask: Ask,
    user: User,
    *,
    acr: str,
    amr: tuple[str, ...],
    auth_time: float | None = None,
) -> tuple[Session, tuple[Header, ...]]:
    """Sign somebody in, or in again, and return the cookies to set.

    The same person's session goes on under a new cookie; anybody else's in this browser is ended.
    `auth_time` is when they showed who they are, where that was elsewhere and earlier.
    """
    old = current(server, tx, ask)
    secret = fresh()
    session = None
    if old is not None and old.user == user.id:
        session = rotate_session(
            tx,
            old,
            digest=digest(secret),
            acr=acr,
            amr=amr,
            now=ask.now,
            auth_time=auth_time,
        )
    elif old is not None:
        end(server, tx, old, reason="somebody else signed in", by=user.id, now=ask.now)
    if session is None:
        session = add_session(
            tx,
            digest=digest(secret),
            user=user.id,
            acr=acr,
            amr=amr,
            now=ask.now,
            expires=ask.now + server.settings.session_lifetime,
            source=ask.source,
            agent=ask.headers.get("user-agent", ""),
            auth_time=auth_time,
        )
    mine = cookies.set_cookie(
        server, cookies.SIGN_IN, secret, same_site="Lax", max_age=session.expires - ask.now
    )
    return session, (mine, *api_cookie(server, tx, session, user, ask.now))


def api_cookie(
    server: Server, tx: Connection, session: Session, user: User, now: float
) -> tuple[Header, ...]:
    """Return the API's cookie, a fresh `session+jwt`; none where the issuer has its own host."""
    if not server.base:
        return ()
    issued = mint_session(server, tx, session, user, now)
    lives = max(0.0, issued.expires - now)
    return (
        cookies.set_cookie(server, cookies.API, issued.token, same_site="Strict", max_age=lives),
    )


def end(
    server: Server, tx: Connection, session: Session, *, reason: str, by: str, now: float
) -> bool:
    """End a session with its tokens and grants; False when it has ended already.

    Grants with `offline_access` act while one is away, and stay (OpenID Connect Core s11).
    `by` is who ends it: a user's id, `cli:NAME` or `yett`; `reason` is for the record.
    """
    if not end_session(tx, session.id, now):
        return False
    revoke(
        tx,
        "sid",
        session.id,
        now=now,
        reason=reason,
        by=by,
        issuer=server.url,
        # What was issued until this commits, also to requests that arrived later; grants with
        # `offline_access` outlive the session, and get new tokens after that.
        before=max(now, server.clock()) + CLOCK_STEP_SECONDS,
        expires=max(session.expires, now + MAX_ACCESS_SECONDS) + MARGIN_SECONDS,
    )
    for grant in list_grants(tx, now, session=session.id):
        if OFFLINE not in grant.scopes:
            end_grant(tx, grant.id, now, reason, by)
    note_person(
        tx,
        "session-ended",
        session.user,
        now=now,
        issuer=server.url,
        credential=session.id,
        text=f"{reason}, by {by}",
    )
    return True


def cleared(server: Server) -> tuple[Header, ...]:
    """Return what takes the cookies of a sign-in away, and what this browser is known by."""
    return (
        cookies.clear_cookie(server, cookies.BROWSER, same_site="Lax"),
        cookies.clear_cookie(server, cookies.SIGN_IN, same_site="Lax"),
        cookies.clear_cookie(server, cookies.API, same_site="Strict"),
    )


def _lives(server: Server, session: Session, now: float) -> bool:
    return (
        session.ended == 0.0
        and now < session.expires
        and now - session.seen < server.settings.session_idle
    )
