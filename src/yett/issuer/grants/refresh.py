"""`refresh_token`: one token for the next in one transaction; a used one is what a thief brings.

Rotation is a compare-and-set on (grant, generation). Whoever arrived before the winner had
committed was in an honest race: refused, and the family lives. Whoever comes later with a used
token, be it in the same second, ends the family, since one of the two holders has stolen it.
RFC 9700 s4.14.2, OAuth 2.1 s4.3; keycloak #50999 and #46054 are what happens otherwise.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.grants.handover import hand_over
from yett.issuer.grants.issue import end_grant
from yett.issuer.grants.refresh_tokens import Presented, is_genuine, read_token, token_of
from yett.issuer.grants.standing import check_standing, current_scopes, gone
from yett.issuer.http import Answer, Ask
from yett.issuer.server import Server
from yett.state.accounts.clients import Client
from yett.state.accounts.grants import Grant, find_grant, rotate_grant


def refresh(
    server: Server, tx: Connection, ask: Ask, client: Client, binding: str
) -> Answer | OAuthError:
    """Exchange a refresh token for an access token and the next refresh token.

    Args:
        server: the server.
        tx: a transaction that writes.
        ask: the request; `ask.now` is when it arrived.
        client: who asks; authenticated.
        binding: what the access token is to be bound to.

    Returns:
        The tokens; or a refusal with what it ended, which is kept.

    Raises:
        OAuthError: `invalid_grant`, `invalid_scope`, `invalid_request`; nothing is kept.
    """
    grant, shown = _find(server, tx, ask, client)
    user = check_standing(tx, grant, ask.now)
    _check_binding(client, grant, binding)
    asked = _narrowed(ask, grant)
    scopes = current_scopes(server, client, user, asked)
    if shown.generation == grant.generation:
        if not rotate_grant(tx, grant.id, grant.generation, server.clock()):
            raise gone("somebody else was first")
    elif not _in_grace(server, grant, shown):
        return _used(tx, ask, grant, shown)
    successor = token_of(server, grant, shown.generation + 1)
    bound = msgspec.structs.replace(grant, binding=binding)
    return hand_over(server, tx, ask, client, bound, scopes=scopes, refresh=successor)


def _find(server: Server, tx: Connection, ask: Ask, client: Client) -> tuple[Grant, Presented]:
    """Find the grant of a token that we have handed out to this client."""
    if "refresh_token" not in ask.form:
        raise OAuthError("invalid_request", "`refresh_token` is missing")
    shown = read_token(ask.form["refresh_token"])
    grant = find_grant(tx, shown.grant) if shown is not None else None
    if shown is None or grant is None or not is_genuine(server, grant, shown):
        raise gone("not a refresh token of ours")
    if grant.client != client.id:
        raise gone("another client's refresh token")
    return grant, shown


def _check_binding(client: Client, grant: Grant, binding: str) -> None:
    """Let nobody use a bound grant without a key; a public client not without the same one.

    A client that authenticates may change its key or renew its certificate: its refresh tokens
    are bound to its authentication (RFC 9449 s5, RFC 8705 s4).
    """
    if not grant.binding:
        return
    same_kind = binding[:4] == grant.binding[:4]
    if not same_kind or (client.auth == "none" and binding != grant.binding):
        raise gone("the grant is bound to another key")


def _narrowed(ask: Ask, grant: Grant) -> tuple[str, ...]:
    """Return the scopes asked for, all of them granted before (RFC 6749 s6)."""
    if "scope" not in ask.form:
        return grant.scopes
    asked = tuple(dict.fromkeys(ask.form["scope"].split(" ")))
    if not set(asked) <= set(grant.scopes):
        raise OAuthError("invalid_scope", "a scope that was not granted")
    return asked


def _in_grace(server: Server, grant: Grant, shown: Presented) -> bool:
    """Whether the client may have lost the answer: its successor is unused, and young."""
    grace = server.settings.refresh_grace
    last = shown.generation == grant.generation - 1
    return last and grace > 0 and server.clock() <= grant.rotated + grace


def _used(tx: Connection, ask: Ask, grant: Grant, shown: Presented) -> OAuthError:
    """Judge a token that was used before; one of two generations back is never honest."""
    if shown.generation == grant.generation - 1 and ask.now <= grant.rotated:
        return gone("another request with the same token was first")
    end_grant(tx, grant.id, ask.now, "refresh-reuse", "yett")
    return gone("the refresh token was used before; everything that came of it has ended")
