"""Enrolment: an invitation becomes an account with its first passkey.

The link is good once, for a day. Its secret stands behind `#`: no server, proxy or log is told, and
programs that open links in mail use nothing up. The first browser that comes keeps it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.account.passkeys import NOT_MADE, creation_form
from yett.issuer.acr import PHISHING_RESISTANT
from yett.issuer.cookies import browser_of, known_browser
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.pages import Html, button, el, form, hidden, show, shown
from yett.issuer.pages.html import join
from yett.issuer.pages.trouble import trouble
from yett.issuer.passkeys import make_challenge, register
from yett.issuer.passkeys.challenge import Ceremony
from yett.issuer.server import Server, digest, fresh
from yett.issuer.sign_in.finish import finish, refused
from yett.state.accounts.notices import note_person
from yett.state.accounts.passkeys import Passkey
from yett.state.accounts.tickets import (
    Ticket,
    add_ticket,
    end_tickets,
    find_ticket,
    hold_ticket,
    take_ticket,
)
from yett.state.accounts.users import ACTIVE, DISABLED, INVITED, User, change_user, find_user

PURPOSE = "enrol"
INVITATION_SECONDS = 86_400.0
OVER = "this invitation was used, has expired, or was opened in another browser; ask for a new one"


def invite(server: Server, tx: Connection, user: User, *, now: float, by: str) -> str:
    """Make the link with which a person makes a passkey; older links end.

    Args:
        server: whose link it is.
        tx: a transaction that writes.
        user: for whom, invited or active.
        now: unix seconds.
        by: who invites, for the record: `cli:NAME` or a user's id.
    """
    end_tickets(tx, user.id, PURPOSE, now)
    secret = fresh()
    add_ticket(
        tx,
        Ticket(
            digest=digest(secret),
            purpose=PURPOSE,
            user=user.id,
            expires=now + INVITATION_SECONDS,
        ),
    )
    note_person(tx, "user-invited", user.id, now=now, issuer=server.url, text=f"by {by}")
    return f"{server.at('/enrol')}#{secret}"


@shown
def open_link(server: Server, ask: Ask) -> Answer:
    """Answer `GET /enrol`: the script puts the secret into the form."""
    del ask
    start = form(
        server,
        "/enrol",
        el("p", "You were invited to ", el("strong", server.rp_id), "."),
        hidden("ticket", ""),
        button("Continue"),
        el("p", role="alert"),
        data_invitation=True,
    )
    needs = el("noscript", el("p", "This page needs JavaScript, for a passkey does."))
    return show(server, "Welcome", start, needs, script=True)


@shown
def offer(server: Server, ask: Ask) -> Answer:
    """Answer `POST /enrol`: binds the invitation to this browser, and offers to make a passkey."""
    return server.store.write(lambda tx: _offer(server, tx, ask))


@shown
def enrol(server: Server, ask: Ask) -> Answer:
    """Answer `POST /enrol/passkey`: uses the invitation up, and signs the person in."""
    return server.store.write(lambda tx: _enrol(server, tx, ask))


def _offer(server: Server, tx: Connection, ask: Ask) -> Answer:
    secret = ask.form.get("ticket", "")
    holder, headers = browser_of(server, ask)
    ticket = find_ticket(tx, digest(secret), PURPOSE, ask.now)
    held = ticket is not None and hold_ticket(
        tx, ticket.digest, PURPOSE, holder=holder, now=ask.now
    )
    user = find_user(tx, ticket.user) if ticket is not None and held else None
    if user is None or user.status == DISABLED:
        raise OAuthError("access_denied", OVER, status=403)
    challenge = make_challenge(server, _ceremony(holder, secret), ask.now)
    made = creation_form(server, "/enrol/passkey", user, tx, challenge, hidden("ticket", secret))
    name = el("strong", user.name or user.login)
    text = el("p", "Hello ", name, ". A passkey is how you sign in here.")
    other = _other_way(server, secret)
    return show(server, "Make a passkey", text, made, other, headers=headers, script=True)


def _other_way(server: Server, secret: str) -> Html:
    """Offer a password and an app instead, where they are allowed; see `enrol_password.py`."""
    if not server.settings.passwords:
        return join()
    instead = button("Use a password and an app instead", quiet=True)
    return form(server, "/enrol/password", hidden("ticket", secret), instead)


def _enrol(server: Server, tx: Connection, ask: Ask) -> Answer:
    secret, holder = ask.form.get("ticket", ""), known_browser(server, ask)
    ticket = find_ticket(tx, digest(secret), PURPOSE, ask.now)
    user = find_user(tx, ticket.user) if ticket is not None else None
    if ticket is None or user is None or user.status == DISABLED or ticket.holder != holder:
        raise OAuthError("access_denied", OVER, status=403)
    made = register(
        server,
        tx,
        ask.form.get("credential", ""),
        _ceremony(holder, secret),
        user=user,
        label=ask.form.get("label", ""),
        now=ask.now,
    )
    if isinstance(made, str):
        return trouble(server, OAuthError("access_denied", NOT_MADE, status=403, note=made))
    # Raising takes the passkey back: of two at once one finishes.
    if take_ticket(tx, ticket.digest, PURPOSE, holder=holder, now=ask.now) is None:
        raise OAuthError("access_denied", OVER, status=403)
    return _welcome(server, tx, ask, user, made)


def _welcome(server: Server, tx: Connection, ask: Ask, user: User, made: Passkey) -> Answer:
    active = user
    if user.status == INVITED:
        changed = change_user(tx, user, now=ask.now, status=ACTIVE)
        if changed is None:
            raise refused(None)
        active = changed
    note_person(tx, "user-enrolled", active.id, now=ask.now, issuer=server.url)
    kind = "swk" if made.backup_eligible else "hwk"
    return finish(
        server,
        ask,
        tx,
        active,
        acr=PHISHING_RESISTANT,
        amr=(kind, "user", "pop"),
        ticket=Ticket(digest="", purpose=PURPOSE),
    )


def _ceremony(holder: str, secret: str) -> Ceremony:
    return Ceremony(purpose=PURPOSE, holder=holder, context=digest(secret))


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/enrol", endpoint=open_link),
    Route(method="POST", path="/enrol", endpoint=offer, form=True),
    Route(method="POST", path="/enrol/passkey", endpoint=enrol, form=True),
)
