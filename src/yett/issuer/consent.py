"""`/consent`: asks a person whether a client may have what it asks for, in words.

Remembered for each client and its scopes. A `trusted` client is not asked about; a public one
always, for anybody may say that they are it (RFC 6749 s10.2, RFC 8252 s8.6); and so is every single
operation, which is confirmed each time (RFC 9396). The answer is believed only from our own page:
its ticket is good once, for this session and request (CWE-352).
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.assurance import suffices
from yett.issuer.confirmation import ask_once, take_once
from yett.issuer.details import describe
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.outcome import Giving, give, refuse
from yett.issuer.pages import Html, button, el, form, hidden, show, shown
from yett.issuer.pending import Pending, read_pending
from yett.issuer.redirects import is_claimed
from yett.issuer.request import check_browser, check_client
from yett.issuer.scopes import describe_scope, grant_scopes
from yett.issuer.server import Server, digest
from yett.issuer.sessions import current
from yett.state.accounts.clients import Client
from yett.state.accounts.consents import add_consent, find_consent
from yett.state.accounts.notices import note
from yett.state.accounts.sessions import Session
from yett.state.accounts.users import find_user
from yett.terms import Event

PURPOSE = "consent"


def is_needed(
    tx: Connection, pending: Pending, client: Client, user: str, scopes: tuple[str, ...]
) -> bool:
    """Whether the person must be asked."""
    if pending.device or pending.details or "consent" in pending.prompt or client.kind == "public":
        return True
    if client.trusted:
        return False
    given = find_consent(tx, user, client.id)
    return given is None or not given.scopes.issuperset(scopes)


@shown
def ask_person(server: Server, ask: Ask) -> Answer:
    """Answer `GET /consent?r=ID`."""
    return server.store.write(lambda tx: _ask(server, tx, ask))


@shown
def take_answer(server: Server, ask: Ask) -> Answer:
    """Answer `POST /consent`: `allow` or anything else, which is no."""
    return server.store.write(lambda tx: _take(server, tx, ask))


def _ask(server: Server, tx: Connection, ask: Ask) -> Answer:
    pending, client = _read(server, tx, ask, ask.query.get("r", ""))
    session = current(server, tx, ask)
    if session is None or not suffices(session, pending, ask.now):
        return redirect(server.at("/authorize"), {"r": pending.id})
    ticket = ask_once(tx, session, PURPOSE, {"r": digest(pending.id)}, ask.now)
    scopes = _scopes(server, tx, pending, session)
    return _page(server, pending, client, scopes, ticket)


def _take(server: Server, tx: Connection, ask: Ask) -> Answer:
    pending, client = _read(server, tx, ask, ask.form.get("r", ""))
    session = current(server, tx, ask)
    if session is None or not suffices(session, pending, ask.now):
        return redirect(server.at("/authorize"), {"r": pending.id})
    asked = take_once(tx, session, PURPOSE, ask.form.get("ticket", ""), ask.now)
    if asked is None or asked.get("r") != digest(pending.id):
        raise OAuthError("access_denied", "this page was answered already; begin again", status=403)
    if ask.form.get("answer") != "allow":
        _remember(tx, ask, pending, session)
        error = OAuthError("access_denied", "the person said no")
        return refuse(server, tx, ask, pending, error)
    scopes = _scopes(server, tx, pending, session)
    if pending.scopes and not scopes:
        # Lost while the page was open: `/authorize` tells the client.
        return redirect(server.at("/authorize"), {"r": pending.id})
    if client.kind != "public" and not pending.details:
        add_consent(tx, session.user, client.id, scopes, ask.now)
    return give(server, tx, ask, pending, Giving(client, session, scopes))


def _remember(tx: Connection, ask: Ask, pending: Pending, session: Session) -> None:
    """Put down a no: where the person did not begin it, it is the first sign of a theft."""
    event = Event(
        time=ask.now,
        request="",
        kind="consent-refused",
        source=ask.source,
        principal=session.user,
        principal_kind="user",
        client=pending.client,
        resources=tuple(str(detail.get("operation", "")) for detail in pending.details),
    )
    note(tx, event)


def _read(server: Server, tx: Connection, ask: Ask, name: str) -> tuple[Pending, Client]:
    pending = read_pending(tx, name, ask.now)
    if pending is None:
        raise OAuthError("invalid_request", "this request is over; go back and begin again")
    check_browser(server, ask, pending)
    return pending, check_client(tx, pending)


def _scopes(server: Server, tx: Connection, pending: Pending, session: Session) -> tuple[str, ...]:
    user = find_user(tx, session.user)
    return grant_scopes(server, pending.scopes, user.roles if user else ())


def _page(
    server: Server, pending: Pending, client: Client, scopes: tuple[str, ...], ticket: str
) -> Answer:
    name = client.name or client.id
    wishes = [describe_scope(server, scope) for scope in scopes]
    wishes += [describe(detail) for detail in pending.details]
    return show(
        server,
        f"Allow {name}?",
        el("p", f"{name} wants to:"),
        el("ul", *(el("li", wish) for wish in wishes)),
        *_warnings(pending, client),
        form(
            server,
            "/consent",
            hidden("r", pending.id),
            hidden("ticket", ticket),
            button("Allow", name="answer", value="allow"),
            button("Refuse", quiet=True, name="answer", value="deny"),
        ),
        forms_to=(pending.redirect,),
    )


def _warnings(pending: Pending, client: Client) -> list[Html]:
    """Say what only the person can know: that it was they who began this."""
    found = []
    if pending.details:
        found.append(el("p", "It happens at once, and only once."))
    if pending.device:
        text = f"A device that shows the code {pending.user_code} asks for this. Allow it only if"
        found.append(el("p", text, " it is in front of you, and you began this yourself."))
    elif client.kind == "public" and not is_claimed(pending.redirect):
        found.append(el("p", "This program runs on your own device. Allow it if you started it."))
    return found


ROUTES = (
    Route(method="GET", path="/consent", endpoint=ask_person),
    Route(method="POST", path="/consent", endpoint=take_answer, form=True),
)
