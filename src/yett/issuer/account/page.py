"""`/account`: what an account has, and what can be changed about it."""

from __future__ import annotations

import datetime as dt

import msgspec
from sqlalchemy import Connection

from yett.credentials.passkeys.shown import encode
from yett.issuer.account.signed_in import SignedIn, signed_in
from yett.issuer.account.ways import Ways, ways_of
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.pages import Html, button, el, field, form, hidden, show, shown
from yett.issuer.pages.html import join
from yett.issuer.server import Server
from yett.state.accounts.passkeys import MAX_LABEL_CHARACTERS, Passkey, list_passkeys
from yett.state.accounts.sessions import Session, list_sessions
from yett.state.accounts.users import User

PLACE = "account"
MAX_SHOWN_SESSIONS = 50


@shown
def account(server: Server, ask: Ask) -> Answer:
    """Answer `GET /account`."""
    return server.store.write(lambda tx: _account(server, tx, ask))


def _account(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = signed_in(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    passkeys = list_passkeys(tx, who.user.id)
    sessions = list_sessions(tx, who.user.id, ask.now)[:MAX_SHOWN_SESSIONS]
    ways = ways_of(server, tx, who.user)
    return show(
        server,
        "Your account",
        _person(server, who.user),
        _warning(ways),
        _passkeys(server, who.user, passkeys),
        _others(server, ways),
        _sessions(server, who, sessions),
        script=True,
    )


def _person(server: Server, user: User) -> Html:
    name = el("strong", user.name or user.login)
    applications = _link(server, "Applications", "/account/applications")
    approvals = _link(server, "Approvals", "/approvals")
    leave = _link(server, "Sign out", "/end_session")
    return el("p", "You are signed in as ", name, ". ", applications, " ", approvals, " ", leave)


def _warning(ways: Ways) -> Html:
    if ways.enough():
        return join()
    text = "You have one way in. Add a second passkey or make recovery codes, before you lose it."
    return el("p", text, class_="notice", id="one-way")


def _passkeys(server: Server, user: User, passkeys: list[Passkey]) -> Html:
    known = {
        "rpId": server.rp_id,
        "userId": encode(user.id.encode()),
        "allAcceptedCredentialIds": [one.id for one in passkeys],
    }
    rows = [el("li", *_passkey(server, number, one)) for number, one in enumerate(passkeys)]
    return el(
        "section",
        el("h2", "Passkeys"),
        el("ul", *rows, class_="rows") if rows else el("p", "You have no passkey."),
        el("p", el("a", "Add a passkey", href=f"{server.base}/account/passkeys/new")),
        data_signal=msgspec.json.encode(known).decode(),
    )


def _passkey(server: Server, number: int, passkey: Passkey) -> list[Html]:
    copied = "may be copied to other devices" if passkey.backup_eligible else "stays on its device"
    used = f"last used {_day(passkey.used)}" if passkey.used else "never used"
    about = f"{copied}, added {_day(passkey.created)}, {used}"
    label = field(
        "Name",
        f"label-{number}",
        value=passkey.label,
        required=True,
        maxlength=MAX_LABEL_CHARACTERS,
    )
    key = hidden("id", passkey.id)
    return [
        el("strong", passkey.label),
        el("small", about),
        form(server, "/account/passkeys/rename", key, label, button("Rename", quiet=True)),
        form(server, "/account/passkeys/revoke", key, button("Revoke", quiet=True)),
    ]


def _others(server: Server, ways: Ways) -> Html:
    codes = f"{ways.codes} recovery codes left" if ways.codes else "no recovery codes"
    rows = [el("li", codes, ". ", _link(server, "Make new ones", "/account/recovery"))]
    if server.settings.passwords:
        rows.append(el("li", _link(server, "Password", "/account/password")))
        rows.append(el("li", _link(server, "Codes by time", "/account/second-factor")))
    if server.providers:
        rows.append(el("li", _link(server, "Linked accounts", "/account/links")))
    return el("section", el("h2", "Other ways in"), el("ul", *rows, class_="rows"))


def _sessions(server: Server, who: SignedIn, sessions: list[Session]) -> Html:
    rows = [el("li", *_session(server, who, one)) for one in sessions]
    others = form(
        server,
        "/account/sessions/end",
        hidden("id", "others"),
        button("End all others", quiet=True),
    )
    return el(
        "section",
        el("h2", "Where you are signed in"),
        el("ul", *rows, class_="rows"),
        others if len(sessions) > 1 else "",
    )


def _session(server: Server, who: SignedIn, session: Session) -> list[Html]:
    about = f"from {session.source}, since {_day(session.auth_time)}, used {_day(session.seen)}"
    named = [el("strong", session.agent or "A browser"), el("small", about)]
    if session.id == who.session.id:
        return [*named, el("small", "This browser")]
    end = button("End", quiet=True)
    return [*named, form(server, "/account/sessions/end", hidden("id", session.id), end)]


def _link(server: Server, text: str, path: str) -> Html:
    return el("a", text, href=server.base + path)


def _day(moment: float) -> str:
    when = dt.datetime.fromtimestamp(moment, dt.UTC)
    return f"{when:%Y-%m-%d %H:%M} UTC"


ROUTES: tuple[Route, ...] = (Route(method="GET", path="/account", endpoint=account),)
