"""`/authorize`: a client sends a person's browser here, to be asked for what it wants.

What is asked is read once, then kept while the person signs in (`/sign-in?r=ID`) and is asked
(`/consent?r=ID`); both come back here. Only then a code goes to the client. Refusals go there as
well, once its redirect URI is known to be its own; until then they are shown. OAuth 2.1 s4.1,
RFC 9126 s4, RFC 9470 s5, OpenID Connect Core s3.1.2.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer import consent
from yett.issuer.assurance import suffices
from yett.issuer.errors import OAuthError
from yett.issuer.http import NO_STORE, Answer, Ask, Route, redirect
from yett.issuer.outcome import Giving, give, refuse
from yett.issuer.pages import shown
from yett.issuer.par import REQUEST_URI
from yett.issuer.pending import Pending, keep_pending, read_pending, take_pushed
from yett.issuer.redirects import refuse_at
from yett.issuer.request import (
    Parameters,
    check_browser,
    check_client,
    read_client,
    read_redirect,
    read_request,
    read_state,
)
from yett.issuer.scopes import grant_scopes
from yett.issuer.server import Server
from yett.issuer.sessions import current
from yett.state.accounts.clients import Client
from yett.state.accounts.users import find_user


@shown
def authorize(server: Server, ask: Ask) -> Answer:
    """Answer `GET` and `POST /authorize`."""
    if "sec-purpose" in ask.headers:
        # A browser that guesses where its person goes next must not use the request up for them.
        return Answer(status=503, headers=(NO_STORE,))
    return server.store.write(lambda tx: _answer(server, tx, ask))


def proceed(server: Server, tx: Connection, ask: Ask, pending: Pending, client: Client) -> Answer:
    """Do what comes next: sign in, ask for consent, or send the code."""
    silent = "none" in pending.prompt
    session = current(server, tx, ask)
    if session is None or not suffices(session, pending, ask.now):
        if silent:
            return refuse(server, tx, ask, pending, OAuthError("login_required"))
        return _send(server, tx, ask, pending, "/sign-in")
    user = find_user(tx, session.user)
    scopes = grant_scopes(server, pending.scopes, user.roles if user else ())
    if pending.scopes and not scopes:
        error = OAuthError("access_denied", "the person has none of these scopes")
        return refuse(server, tx, ask, pending, error)
    if consent.is_needed(tx, pending, client, session.user, scopes):
        if silent:
            return refuse(server, tx, ask, pending, OAuthError("consent_required"))
        return _send(server, tx, ask, pending, "/consent")
    return give(server, tx, ask, pending, Giving(client, session, scopes))


def _answer(server: Server, tx: Connection, ask: Ask) -> Answer:
    parameters = ask.form if ask.method == "POST" else ask.query
    if ask.method == "GET" and "r" in parameters:
        return _resume(server, tx, ask, parameters["r"])
    client = read_client(tx, parameters)
    pending = _pushed(tx, client, parameters, ask.now)
    if pending is None:
        uri = read_redirect(client, parameters)
        try:
            pending = read_request(server, client, parameters, now=ask.now)
        except OAuthError as error:
            return refuse_at(server, uri, read_state(parameters), error)
    if ask.method == "POST":
        # A form of the client's site brings no `Lax` cookie; the redirect that follows does.
        return _send(server, tx, ask, pending, "/authorize")
    return proceed(server, tx, ask, pending, client)


def _resume(server: Server, tx: Connection, ask: Ask, name: str) -> Answer:
    pending = read_pending(tx, name, ask.now)
    if pending is None:
        raise OAuthError("invalid_request", "this request is over; go back and begin again")
    check_browser(server, ask, pending)
    return proceed(server, tx, ask, pending, check_client(tx, pending))


def _pushed(tx: Connection, client: Client, parameters: Parameters, now: float) -> Pending | None:
    """Return the request that its client pushed, None when it is all in the query.

    Other parameters are ignored: what was pushed is what was checked (RFC 9126 s4).
    """
    name = parameters.get("request_uri", "")
    if not name.startswith(REQUEST_URI):
        return None
    pending = take_pushed(tx, name.removeprefix(REQUEST_URI), client.id, now)
    if pending is None:
        raise OAuthError("invalid_request_uri", "`request_uri` is unknown, used or over")
    check_client(tx, pending)
    return pending


def _send(server: Server, tx: Connection, ask: Ask, pending: Pending, path: str) -> Answer:
    kept = pending if pending.id else keep_pending(tx, pending, ask.now)
    return redirect(server.at(path), {"r": kept.id})


ROUTES = (
    Route(method="GET", path="/authorize", endpoint=authorize),
    Route(method="POST", path="/authorize", endpoint=authorize),
)
