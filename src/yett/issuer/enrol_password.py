"""Enrolment without a passkey: an invitation becomes an account with a password and an app.

Only where `passwords = true`. The invitation is bound to the browser as for a passkey, and used up
in the transaction that keeps both: nobody is left with half of it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.account.password import allowed
from yett.issuer.acr import MULTI_FACTOR
from yett.issuer.cookies import known_browser
from yett.issuer.enrol import OVER, PURPOSE
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.lifecycle.ending import note_user
from yett.issuer.pages import hidden, shown
from yett.issuer.password_setup import Setup, ask_for_it, judged, put_both
from yett.issuer.server import Server, digest
from yett.issuer.sign_in.finish import finish, refused
from yett.issuer.sign_in.password import AMR
from yett.state.accounts.tickets import Ticket, find_ticket, hold_ticket, take_ticket
from yett.state.accounts.users import ACTIVE, DISABLED, User, change_user, find_user

PATH = "/enrol/password"
TO = {"to": "recovery"}  # an app is lost with its phone


@shown
def offer(server: Server, ask: Ask) -> Answer:
    """Answer `POST /enrol/password`: `ticket` is the invitation's secret."""
    allowed(server)
    return server.store.write(lambda tx: _offer(server, tx, ask))


@shown
def enrol(server: Server, ask: Ask) -> Answer:
    """Answer `POST /enrol/password/keep`: uses the invitation up, and signs the person in."""
    allowed(server)
    with server.store.read() as tx:
        user, _ = _invited(tx, ask, known_browser(server, ask))
    kept, wrong = judged(server, ask, user)
    return server.store.write(lambda tx: _enrol(server, tx, ask, kept, wrong))


def _offer(server: Server, tx: Connection, ask: Ask) -> Answer:
    holder = known_browser(server, ask)
    if holder:
        hold_ticket(tx, digest(ask.form.get("ticket", "")), PURPOSE, holder=holder, now=ask.now)
    user, ticket = _invited(tx, ask, holder)
    return ask_for_it(server, tx, ask, _setup(ask, user, ticket))


def _enrol(server: Server, tx: Connection, ask: Ask, kept: str, wrong: str) -> Answer:
    holder = known_browser(server, ask)
    user, ticket = _invited(tx, ask, holder)
    setup = _setup(ask, user, ticket)
    wrong = wrong or put_both(server, tx, ask, setup, kept)
    if wrong:
        return ask_for_it(server, tx, ask, setup, wrong)
    # Raising takes the password back: of two at once one finishes.
    if take_ticket(tx, ticket.digest, PURPOSE, holder=holder, now=ask.now) is None:
        raise over()
    return _welcome(server, tx, ask, user.id)


def _welcome(server: Server, tx: Connection, ask: Ask, id_: str) -> Answer:
    user = find_user(tx, id_)
    active = change_user(tx, user, now=ask.now, status=ACTIVE) if user is not None else None
    if active is None:
        raise refused(None)
    note_user(server, tx, "user-enrolled", active, now=ask.now, text="password and app")
    ticket = Ticket(digest="", purpose=PURPOSE, data=TO)
    return finish(server, ask, tx, active, acr=MULTI_FACTOR, amr=AMR, ticket=ticket)


def _invited(tx: Connection, ask: Ask, holder: str) -> tuple[User, Ticket]:
    """Return who is invited, by a ticket that this browser holds."""
    ticket = find_ticket(tx, digest(ask.form.get("ticket", "")), PURPOSE, ask.now)
    user = find_user(tx, ticket.user) if ticket is not None else None
    if ticket is None or user is None or user.status == DISABLED or not holder:
        raise over()
    if ticket.holder != holder:
        raise over()
    return user, ticket


def over() -> OAuthError:
    """Say that an invitation is of no use."""
    return OAuthError("access_denied", OVER, status=403)


def _setup(ask: Ask, user: User, ticket: Ticket) -> Setup:
    carried = hidden("ticket", ask.form.get("ticket", ""))
    path = f"{PATH}/keep"
    return Setup(user=user, path=path, holder=ticket.digest, carried=carried, anew=True)


ROUTES: tuple[Route, ...] = (
    Route(method="POST", path=PATH, endpoint=offer, form=True),
    Route(method="POST", path=f"{PATH}/keep", endpoint=enrol, form=True),
)
