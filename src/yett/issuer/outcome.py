"""How an authorization request ends: a code for the client, or a refusal, at its redirect URI.

A pending request ends once. The answer names the issuer (RFC 9207), so that a client that talks to
several is not sent from one to another with it (mix-up), and gives the client's state back.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.grants.issue import new_code, new_grant
from yett.issuer.http import Answer, Ask, redirect
from yett.issuer.pending import Pending, finish_pending
from yett.issuer.redirects import refuse_at
from yett.issuer.server import Server
from yett.state.accounts.clients import Client
from yett.state.accounts.sessions import Session


class Giving(Struct, frozen=True):
    """What a person gives: to which client, under which sign-in, and which scopes."""

    client: Client
    session: Session
    scopes: tuple[str, ...]


def give_code(server: Server, tx: Connection, ask: Ask, pending: Pending, giving: Giving) -> Answer:
    """Grant what was asked for, which uses the request up, and send the code to the client."""
    _finish(tx, pending, ask.now)
    grant = new_grant(
        server,
        tx,
        client=giving.client,
        session=giving.session,
        scopes=giving.scopes,
        details=pending.details,
        nonce=pending.nonce,
        now=ask.now,
    )
    code = new_code(
        tx,
        grant,
        giving.client,
        pending.redirect,
        pending.challenge,
        ask.now,
        binding=pending.binding,
    )
    said = {"code": code} | ({"state": pending.state} if pending.state else {})
    return redirect(pending.redirect, said | {"iss": server.url})


def refuse(server: Server, tx: Connection, ask: Ask, pending: Pending, error: OAuthError) -> Answer:
    """Send a refusal to the client; the request is used up."""
    _finish(tx, pending, ask.now)
    return refuse_at(server, pending.redirect, pending.state, error)


def _finish(tx: Connection, pending: Pending, now: float) -> None:
    # One that no page was shown for was never kept, and has no id.
    if pending.id and not finish_pending(tx, pending, now):
        raise OAuthError("invalid_request", "this request was answered already")
