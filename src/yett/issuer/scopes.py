"""Which scopes are granted: those asked for, of those the client may have, of those the person has.

The vocabulary's scopes come with roles; those of OpenID Connect are about the person alone, and
anybody may give them to a client that lists them. See RFC 6749 s3.3, OpenID Connect Core s5.4, s11.
"""

from __future__ import annotations

from yett.issuer.errors import OAuthError
from yett.issuer.server import Server
from yett.state.accounts.clients import Client

MAX_SCOPE_CHARACTERS = 2048

OPENID, OFFLINE = "openid", "offline_access"

# In a client's own scopes: it may ask about tokens that were issued to others. In no token.
INTROSPECT = "yett:introspect"

# Scope of OpenID Connect -> what it is, for the person who is asked.
OPENID_SCOPES: dict[str, str] = {
    OPENID: "know that it is you",
    "profile": "see your name and your sign-in name",
    "email": "see your email address",
    OFFLINE: "act for you while you are away",
}


def ask_scopes(server: Server, client: Client, text: str) -> tuple[str, ...]:
    """Return what is asked for, of what the client may have; all of that when nothing is named.

    Raises:
        OAuthError: `invalid_scope`: nothing remains, or it is no list of scopes.
    """
    if len(text) > MAX_SCOPE_CHARACTERS:
        raise OAuthError("invalid_scope", "`scope` is too long")
    asked = tuple(dict.fromkeys(text.split(" "))) if text else client.scopes
    known = server.config.vocabulary.scopes
    found = tuple(
        scope
        for scope in asked
        if scope in client.scopes and (scope in known or scope in OPENID_SCOPES)
    )
    if text and not found:
        raise OAuthError("invalid_scope", "this client may have none of these scopes")
    return found


def grant_scopes(server: Server, asked: tuple[str, ...], roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a person with these roles can give of what is asked for."""
    carried = server.scopes_of(roles)
    return tuple(scope for scope in asked if scope in carried or scope in OPENID_SCOPES)


def describe_scope(server: Server, scope: str) -> str:
    """Say what a scope lets its holder do."""
    return OPENID_SCOPES.get(scope) or server.config.vocabulary.scopes.get(scope) or scope
