"""Whether a grant may still be used, and for what: its person, its session, today's roles.

Asked at every exchange, so that what was taken away since is not handed out again: a grant never
gives more than its client, its person and its request had, whichever is least now.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.scopes import OFFLINE, grant_scopes
from yett.issuer.server import Server
from yett.state.accounts.clients import Client
from yett.state.accounts.grants import Grant
from yett.state.accounts.sessions import find_session
from yett.state.accounts.users import ACTIVE, DISABLED, User, find_user


def check_standing(tx: Connection, grant: Grant, now: float) -> User:
    """Return the person of a grant that may be used.

    Raises:
        OAuthError: `invalid_grant`: it has ended, or its person or session has.
    """
    if not grant.lives(now):
        raise gone("the grant has ended")
    user = find_user(tx, grant.user)
    if user is None or user.status != ACTIVE:
        raise gone("the account is not active")
    # Who signs out takes leave of every application, but for those that act while one is away
    # (OpenID Connect Core s11).
    if grant.session and OFFLINE not in grant.scopes and not session_lives(tx, grant.session, now):
        raise gone("the session has ended")
    return user


def session_lives(tx: Connection, named: str, now: float) -> bool:
    """Whether a session neither ended nor ran out; one that is gone from the store has long since.

    That nobody uses the browser does not end what an application does meanwhile.
    """
    session = find_session(tx, named)
    return session is not None and not session.ended and now < session.expires


def check_owner(tx: Connection, client: Client) -> None:
    """Let no service act whose owner may not.

    An account that nobody answers for is what an attacker looks for first (NIST SP 800-53 AC-2): it
    stops with its owner, until somebody else takes it over. Who is invited answers for it already.

    Raises:
        OAuthError: `unauthorized_client`.
    """
    owner = find_user(tx, client.owner) if client.owner else None
    if client.kind == "service" and (owner is None or owner.status == DISABLED):
        raise OAuthError("unauthorized_client", "nobody answers for this service any more")


def current_scopes(
    server: Server, client: Client, user: User, asked: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what of the scopes asked for the client may have and the person carries today.

    Raises:
        OAuthError: `invalid_scope` where nothing of something is left.
    """
    allowed = tuple(scope for scope in asked if scope in client.scopes)
    found = grant_scopes(server, allowed, user.roles)
    if asked and not found:
        raise OAuthError("invalid_scope", "none of these scopes may be had any more")
    return found


def gone(why: str) -> OAuthError:
    """Refuse a grant; the client learns no more than that it must begin again."""
    return OAuthError("invalid_grant", "sign in again", note=why)
