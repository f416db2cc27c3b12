"""How an authorization request ends: a code for the client, or a refusal, at its redirect URI.

A device has no redirect URI: it hears of the answer when it polls. A request ends once. The answer
names the issuer (RFC 9207), so that a client that talks to several is not sent from one to another
with it (mix-up), and gives the client's state back.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.grants.issue import new_code, new_grant
from yett.issuer.http import Answer, Ask, redirect
from yett.issuer.pages import el, show
from yett.issuer.pending import Pending, finish_pending
from yett.issuer.redirects import refuse_at
from yett.issuer.server import Server
from yett.state.accounts.clients import Client
from yett.state.accounts.devices import ALLOWED, DENIED, answer_device
from yett.state.accounts.grants import Grant
from yett.state.accounts.notices import note
from yett.state.accounts.sessions import Session
from yett.terms import Event


class Giving(Struct, frozen=True):
    """What a person gives: to which client, under which sign-in, and which scopes."""

    client: Client
    session: Session
    scopes: tuple[str, ...]


def give(server: Server, tx: Connection, ask: Ask, pending: Pending, giving: Giving) -> Answer:
    """Grant what was asked for, which uses the request up; the client gets a code, or polls."""
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
    _remember(tx, ask, grant)
    if pending.device:
        _answer_device(tx, pending, ALLOWED, ask.now, grant=grant.id)
        return show(server, "Done", el("p", "Your device goes on by itself. Close this page."))
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
    if pending.device:
        _answer_device(tx, pending, DENIED, ask.now)
        return show(server, "Refused", el("p", "The device is not allowed. Close this page."))
    return refuse_at(server, pending.redirect, pending.state, error)


def _finish(tx: Connection, pending: Pending, now: float) -> None:
    # One that no page was shown for was never kept, and has no id.
    if pending.id and not finish_pending(tx, pending, now):
        raise OAuthError("invalid_request", "this request was answered already")


def _answer_device(
    tx: Connection, pending: Pending, status: str, now: float, *, grant: str = ""
) -> None:
    if not answer_device(tx, pending.device, status, now, grant=grant):
        raise OAuthError("invalid_request", "this code is over, or was answered already")


def _remember(tx: Connection, ask: Ask, grant: Grant) -> None:
    event = Event(
        time=ask.now,
        request="",
        kind="granted",
        source=ask.source,
        principal=grant.user,
        principal_kind="user",
        client=grant.client,
        credential=grant.id,
        note=" ".join(grant.scopes),
        resources=tuple(str(detail.get("operation", "")) for detail in grant.details),
    )
    note(tx, event)
