"""`urn:ietf:params:oauth:grant-type:token-exchange`: a service acts on for who called it.

The token that it was shown becomes one of its own: same subject, family and sign-in, `act` says who
acts. It never does more than both may, never lives longer, and never becomes a bearer token where
the other was bound; the chain of actors is bounded. Only clients that were given this grant type
may. RFC 8693: the subject is an access token of ours, the actor the authenticated client.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.grants.handover import hand_over
from yett.issuer.grants.standing import check_owner
from yett.issuer.http import Answer, Ask
from yett.issuer.own_tokens import Claims, is_alive, read_own
from yett.issuer.scopes import OPENID_SCOPES, grant_scopes
from yett.issuer.server import Server
from yett.issuer.tokens import ACCESS
from yett.state.accounts.clients import Client, find_client
from yett.state.accounts.grants import Grant, find_grant
from yett.state.accounts.users import find_user

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
MAX_ACTORS = 4


def exchange_token(
    server: Server, tx: Connection, ask: Ask, client: Client, binding: str
) -> Answer | OAuthError:
    """Exchange an access token.

    Args:
        server: the server.
        tx: a transaction that writes.
        ask: the request.
        client: who asks, and acts; authenticated.
        binding: what the token is to be bound to.

    Raises:
        OAuthError: `invalid_request` where the subject token is none of ours or not good (RFC 8693
            s2.2.2), `invalid_scope`, `unauthorized_client`.
    """
    if client.auth == "none":
        raise OAuthError("unauthorized_client", "a public client cannot act for others")
    check_owner(tx, client)
    _check_form(ask)
    claims = _subject(server, tx, ask)
    if claims.get("cnf") and not binding:
        raise OAuthError("invalid_request", "the subject token is bound; prove a key of your own")
    scopes = _scopes(server, tx, ask, client, claims)
    return hand_over(
        server,
        tx,
        ask,
        client,
        _grant(tx, claims, client, binding),
        scopes=scopes,
        lifetime=claims["exp"] - ask.now,
        act=_actors(client, claims),
        more={"issued_token_type": ACCESS_TOKEN},
    )


def _check_form(ask: Ask) -> None:
    if "subject_token" not in ask.form:
        raise OAuthError("invalid_request", "`subject_token` is missing")
    if ask.form.get("subject_token_type") != ACCESS_TOKEN:
        raise OAuthError("invalid_request", f"`subject_token_type` must be `{ACCESS_TOKEN}`")
    if ask.form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise OAuthError("invalid_request", f"`requested_token_type` must be `{ACCESS_TOKEN}`")
    if "actor_token" in ask.form:
        # The actor is who authenticates here, so that nobody acts under somebody else's name.
        raise OAuthError("invalid_request", "`actor_token` is not taken; authenticate instead")


def _subject(server: Server, tx: Connection, ask: Ask) -> Claims:
    claims = read_own(server, tx, ask.form["subject_token"], ACCESS, ask.now)
    if claims is None or not is_alive(server, tx, claims, ask.now):
        raise OAuthError("invalid_request", "`subject_token` is not a good access token of ours")
    if claims.get("authorization_details"):
        # Good for one call, which its holder makes: as a second token it would be two.
        raise OAuthError("invalid_request", "a token for one operation cannot be exchanged")
    return claims


def _scopes(
    server: Server, tx: Connection, ask: Ask, client: Client, claims: Claims
) -> tuple[str, ...]:
    """Return what both the subject's token and the client have, narrowed to what is asked for."""
    held = str(claims.get("scope", "")).split()
    # What a client may know about a person was agreed with that client alone.
    allowed = [one for one in held if one in client.scopes and one not in OPENID_SCOPES]
    person = find_user(tx, claims["sub"])
    if person is not None:
        allowed = list(grant_scopes(server, tuple(allowed), person.roles))
    asked = ask.form.get("scope", "").split() or allowed
    if not asked or not set(asked) <= set(allowed):
        raise OAuthError("invalid_scope", "the subject token and the client do not both have these")
    return tuple(dict.fromkeys(asked))


def _actors(client: Client, claims: Claims) -> dict[str, Any]:
    """Return the chain of who acts, the newest outermost (RFC 8693 s4.1)."""
    before = claims.get("act")
    count, one = 1, before
    while isinstance(one, dict):
        count, one = count + 1, one.get("act")
    if count > MAX_ACTORS:
        raise OAuthError("invalid_request", f"more than {MAX_ACTORS} services act in a chain")
    return {"sub": client.id, **({"act": before} if before else {})}


def _grant(tx: Connection, claims: Claims, client: Client, binding: str) -> Grant:
    """Return the subject's own grant, so that ending it ends this token, too."""
    family = find_grant(tx, claims["grant"]) if claims.get("grant") else None
    if family is not None:
        return msgspec.structs.replace(family, binding=binding)
    subject = find_client(tx, claims["sub"])
    if subject is None:
        raise OAuthError("invalid_request", "`subject_token` is of nobody who is known here")
    return Grant(id="", client=client.id, user=subject.id, binding=binding)
