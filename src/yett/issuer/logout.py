"""`/end_session`: a client asks that the person be signed out (OpenID RP-Initiated Logout 1.0).

With an ID token of this very session it is done at once; otherwise the person is asked, for anybody
can send a browser here (CWE-352). The browser goes on to an address the client has registered for
this, exactly, or stays. Who signs out ends the session's tokens and its grants, but for those that
act while one is away (`offline_access`).
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.confirmation import ask_once, take_once
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.own_tokens import Claims, read_own
from yett.issuer.pages import button, el, form, hidden, show, shown
from yett.issuer.request import MAX_TEXT_CHARACTERS
from yett.issuer.server import Server
from yett.issuer.sessions import cleared, current, end
from yett.issuer.tokens import IDENTITY
from yett.state.accounts.clients import Client, find_client
from yett.state.accounts.sessions import Session

PURPOSE = "end-session"
REASON = "signed out"
PARAMETERS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


class Leaving(Struct, frozen=True):
    """What a client asks: its ID token, where to go on (empty for nowhere), and its state."""

    hint: Claims | None
    onward: str
    state: str


@shown
def end_session(server: Server, ask: Ask) -> Answer:
    """Answer `GET` and `POST /end_session`, which any site may send."""
    if ask.method == "POST":
        # A form of the client's site brings no `Lax` cookie; the redirect that follows does.
        said = {name: ask.form[name] for name in PARAMETERS if name in ask.form}
        return redirect(server.at("/end_session"), said)
    return server.store.write(lambda tx: _end_session(server, tx, ask))


@shown
def confirm(server: Server, ask: Ask) -> Answer:
    """Answer `POST /end_session/confirm`, the page's own form."""
    return server.store.write(lambda tx: _confirm(server, tx, ask))


def _end_session(server: Server, tx: Connection, ask: Ask) -> Answer:
    leaving = _read(server, tx, ask)
    session = current(server, tx, ask)
    if session is None:
        return _gone(server, leaving)
    if leaving.hint is not None and leaving.hint.get("sid") == session.id:
        return _leave(server, tx, ask, session, leaving)
    said = {"onward": leaving.onward, "state": leaving.state}
    ticket = ask_once(tx, session, PURPOSE, said, ask.now)
    return show(
        server,
        "Sign out?",
        form(server, "/end_session/confirm", hidden("ticket", ticket), button("Sign out")),
        forms_to=(leaving.onward,),
    )


def _confirm(server: Server, tx: Connection, ask: Ask) -> Answer:
    session = current(server, tx, ask)
    if session is None:
        return _gone(server, Leaving(None, "", ""))
    said = take_once(tx, session, PURPOSE, ask.form.get("ticket", ""), ask.now)
    if said is None:
        return redirect(server.at("/end_session"))
    leaving = Leaving(None, said["onward"], said["state"])
    return _leave(server, tx, ask, session, leaving)


def _read(server: Server, tx: Connection, ask: Ask) -> Leaving:
    """Read what is asked; whatever does not check leads nowhere."""
    parameters = ask.query
    # An expired ID token still says whose session it was (s2).
    hint = read_own(server, tx, parameters.get("id_token_hint", ""), IDENTITY, ask.now)
    client = _client(tx, hint, parameters.get("client_id", ""))
    uri = parameters.get("post_logout_redirect_uri", "")
    known = client is not None and uri in client.logout_redirects
    state = parameters.get("state", "")[:MAX_TEXT_CHARACTERS]
    return Leaving(hint, uri if known else "", state)


def _client(tx: Connection, hint: Claims | None, named: str) -> Client | None:
    """Return the client that asks: the ID token's, and the one that is named, are one."""
    name = str(hint.get("aud", "")) if hint is not None else named
    client = find_client(tx, name) if name and named in ("", name) else None
    return client if client is not None and client.status == "active" else None


def _leave(server: Server, tx: Connection, ask: Ask, session: Session, leaving: Leaving) -> Answer:
    end(server, tx, session, reason=REASON, by=session.user, now=ask.now)
    return _gone(server, leaving)


def _gone(server: Server, leaving: Leaving) -> Answer:
    if leaving.onward:
        state = {"state": leaving.state} if leaving.state else None
        return redirect(leaving.onward, state, *cleared(server))
    text = el("p", "You are signed out here. Other applications may still know you for a while.")
    return show(server, "Signed out", text, headers=cleared(server))


ROUTES = (
    Route(method="GET", path="/end_session", endpoint=end_session),
    Route(method="POST", path="/end_session", endpoint=end_session),
    Route(method="POST", path="/end_session/confirm", endpoint=confirm, form=True),
)
