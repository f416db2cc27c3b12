"""The one end of every sign-in: a session under a fresh cookie, a notice, and on to where it began.

Where to go on is one of our own paths, by name or by the id of the request that waits; never an
address that somebody sent (CWE-601).
"""

from __future__ import annotations

import re

from sqlalchemy import Connection

from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, redirect
from yett.issuer.pages.trouble import trouble
from yett.issuer.server import Server
from yett.issuer.sessions import begin
from yett.state.accounts.notices import note_person
from yett.state.accounts.tickets import Ticket
from yett.state.accounts.users import ACTIVE, User, find_user, saw_user

# `?to=NAME` of the sign-in page: where it leads when no client waits.
PLACES: dict[str, str] = {
    "account": "/account",
    "passkey": "/account/passkeys/new",
    "recovery": "/account/recovery",
    "second-factor": "/account/second-factor",
    "password": "/account/password",
    "device": "/device",
    "approvals": "/approvals",
}
AFTER = "account"
_APPROVAL = re.compile(r"approval-([0-9a-f]{32})\Z")


def finish(
    server: Server,
    ask: Ask,
    tx: Connection,
    user: User,
    *,
    acr: str,
    amr: tuple[str, ...],
    ticket: Ticket,
    auth_time: float | None = None,
) -> Answer:
    """Sign a person in and send the browser on.

    Args:
        server: the server.
        ask: the last request of the sign-in, from the browser that gets the session.
        tx: the transaction in which whatever was shown is used up.
        user: who has shown to be that person.
        acr: how sure that is, one of `issuer/acr.py`.
        amr: how it was shown (RFC 8176).
        ticket: what the sign-in began with; `data["r"]` is the request that waits, `data["to"]`
            one of `PLACES`.
        auth_time: when it was shown, where that was elsewhere; now when nothing else is said.
    """
    now_user = find_user(tx, user.id)
    if now_user is None or now_user.status != ACTIVE:
        return trouble(server, refused(now_user))
    session, headers = begin(server, tx, ask, now_user, acr=acr, amr=amr, auth_time=auth_time)
    saw_user(tx, user.id, ask.now)
    note_person(
        tx,
        "signed-in",
        user.id,
        now=ask.now,
        issuer=server.url,
        source=ask.source,
        credential=session.id,
        tenant=now_user.tenant,
        text=f"{acr}, {' '.join(amr)}",
    )
    return _onward(server, ticket, headers)


def refused(user: User | None) -> OAuthError:
    """Say that somebody may not sign in; the account's state is for the record alone."""
    state = user.status if user is not None else "gone"
    text = "this account cannot sign in; ask an administrator"
    return OAuthError("access_denied", text, status=403, note=f"the account is {state}")


def place_of(to: str) -> str:
    """Return the path of a place by its name, or of one approval; empty for anything else."""
    approval = _APPROVAL.match(to)
    return f"/approvals/{approval[1]}" if approval else PLACES.get(to, "")


def destination(server: Server, data: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return where a sign-in leads: a URL of ours, and what is added to its query."""
    waits = data.get("r", "")
    if waits:
        return server.at("/authorize"), {"r": waits}
    return server.at(place_of(data.get("to", "")) or PLACES[AFTER]), {}


def _onward(server: Server, ticket: Ticket, headers: tuple[tuple[str, str], ...]) -> Answer:
    url, parameters = destination(server, ticket.data)
    return redirect(url, parameters, *headers)
