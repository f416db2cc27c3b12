"""`authorization_code`: a code for tokens, once, by the client and the key that asked for it.

PKCE is always checked. A code that comes a second time has leaked: it is refused, and everything
that came of it ends. OAuth 2.1 s4.1.3, RFC 6749 s4.1.3, RFC 7636 s4.6, RFC 9449 s10.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

import msgspec
from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.grants.handover import hand_over
from yett.issuer.grants.issue import end_grant
from yett.issuer.grants.refresh_tokens import first_token
from yett.issuer.grants.standing import check_standing, current_scopes, gone
from yett.issuer.http import Answer, Ask
from yett.issuer.server import Server, digest
from yett.issuer.tokens import is_operation
from yett.state.accounts.clients import Client
from yett.state.accounts.codes import Code, find_code, use_code
from yett.state.accounts.grants import Grant, bind_grant, find_grant

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)  # RFC 7636 s4.1


def exchange_code(
    server: Server, tx: Connection, ask: Ask, client: Client, binding: str
) -> Answer | OAuthError:
    """Exchange a code.

    Args:
        server: the server.
        tx: a transaction that writes.
        ask: the request.
        client: who asks; authenticated.
        binding: what its tokens are to be bound to.

    Returns:
        The tokens; or a refusal with what it ended, which is kept.

    Raises:
        OAuthError: `invalid_grant` or `invalid_request`; nothing is kept.
    """
    code = find_code(tx, digest(_needed(ask, "code")))
    if code is None or code.client != client.id:
        raise gone("no such code, or another client's")
    if code.used:
        return _replayed(tx, ask, code)
    _check(ask, code, binding)
    grant = find_grant(tx, code.grant)
    if grant is None:
        raise gone("the grant is gone")
    user = check_standing(tx, grant, ask.now)
    scopes = current_scopes(server, client, user, grant.scopes)
    if not use_code(tx, code.digest, server.clock()):
        return _replayed(tx, ask, code)
    grant = _bound(tx, grant, binding)
    refresh = first_token(server, tx, grant, ask.now) if is_refreshable(client, grant) else ""
    return hand_over(server, tx, ask, client, grant, scopes=scopes, refresh=refresh)


def is_refreshable(client: Client, grant: Grant) -> bool:
    """Whether a grant gets refresh tokens: one for a single operation never does."""
    return "refresh_token" in client.grants and not is_operation(grant)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 s4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _check(ask: Ask, code: Code, binding: str) -> None:
    if ask.now >= code.expires:
        raise gone("the code has expired")
    if not hmac.compare_digest(_needed(ask, "redirect_uri").encode(), code.redirect.encode()):
        raise gone("`redirect_uri` is another")
    verifier = _needed(ask, "code_verifier")
    if not _VERIFIER.fullmatch(verifier):
        raise OAuthError("invalid_request", "`code_verifier` has the wrong form")
    if not hmac.compare_digest(challenge_of(verifier), code.challenge):
        raise gone("`code_verifier` is wrong")
    if code.binding and code.binding != binding:
        # RFC 9449 s10: whoever has stolen the code does not have this key.
        raise gone("the code is bound to another key")


def _replayed(tx: Connection, ask: Ask, code: Code) -> OAuthError:
    end_grant(tx, code.grant, ask.now, "code-replay", "yett")
    return gone("the code was used before; everything that came of it has ended")


def _bound(tx: Connection, grant: Grant, binding: str) -> Grant:
    if binding:
        bind_grant(tx, grant.id, binding)
    return msgspec.structs.replace(grant, binding=binding)


def _needed(ask: Ask, name: str) -> str:
    if name not in ask.form:
        raise OAuthError("invalid_request", f"`{name}` is missing")
    return ask.form[name]
