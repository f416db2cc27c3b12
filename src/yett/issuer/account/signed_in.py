"""Who is at the account pages: signed in, and freshly where something is changed."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.acr import PHISHING_RESISTANT
from yett.issuer.http import Answer, Ask, redirect
from yett.issuer.server import Server
from yett.issuer.sessions import current
from yett.state.accounts.passkeys import count_passkeys
from yett.state.accounts.sessions import Session
from yett.state.accounts.users import User, find_user

FRESH_SECONDS = 300.0
RECOVERED = "kba"


class SignedIn(Struct, frozen=True):
    """Who it is, and by which session."""

    session: Session
    user: User


def signed_in(server: Server, tx: Connection, ask: Ask, to: str) -> SignedIn | Answer:
    """Return who is signed in, or the way to the sign-in page and back to `to`."""
    session = current(server, tx, ask)
    user = find_user(tx, session.user) if session is not None else None
    if session is None or user is None:
        return redirect(server.at("/sign-in"), {"to": to})
    return SignedIn(session, user)


def freshly(
    server: Server, tx: Connection, ask: Ask, to: str, *, recovering: bool = False
) -> SignedIn | Answer:
    """Return who has signed in within `FRESH_SECONDS`, with a passkey if they have one.

    A password and a code can be phished; they must not be enough to add a passkey beside the
    owner's, or take that away. `recovering` lets in whoever has just used a recovery code.
    """
    who = signed_in(server, tx, ask, to)
    if isinstance(who, Answer):
        return who
    recovered = recovering and RECOVERED in who.session.amr
    best = (
        who.session.acr == PHISHING_RESISTANT or recovered or count_passkeys(tx, who.user.id) == 0
    )
    if best and ask.now - who.session.auth_time <= FRESH_SECONDS:
        return who
    return redirect(server.at("/sign-in"), {"to": to})
