"""`/account/password`: a password chosen, changed, or taken away; only where they are allowed."""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer import totp
from yett.issuer.account.passkeys import LAST
from yett.issuer.account.signed_in import SignedIn, freshly
from yett.issuer.account.ways import ways_of
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.pages import shown
from yett.issuer.password_setup import CHANGED, Setup, ask_for_it, judged, put_both
from yett.issuer.server import Server
from yett.issuer.sessions import end
from yett.state.accounts.notices import note_person
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import change_user

PLACE = "password"
PATH = "/account/password"


@shown
def offer(server: Server, ask: Ask) -> Answer:
    """Answer `GET /account/password`."""
    allowed(server)
    return server.store.write(lambda tx: _offer(server, tx, ask))


@shown
def choose(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/password`."""
    allowed(server)
    with server.store.read() as tx:
        who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    kept, wrong = judged(server, ask, who.user)
    return server.store.write(lambda tx: _choose(server, tx, ask, kept, wrong))


@shown
def remove(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/password/remove`: the password and its app."""
    allowed(server)
    return server.store.write(lambda tx: _remove(server, tx, ask))


def allowed(server: Server) -> None:
    """Refuse where `passwords = false`."""
    if not server.settings.passwords:
        raise OAuthError("not_found", "there are no passwords here", status=404)


def end_others(server: Server, tx: Connection, who: SignedIn, now: float, reason: str) -> None:
    """End a person's other sessions: they may be why something is changed (ASVS 3.3.3)."""
    for one in list_sessions(tx, who.user.id, now):
        if one.id != who.session.id:
            end(server, tx, one, reason=reason, by=who.user.id, now=now)


def _offer(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    return ask_for_it(server, tx, ask, _setup(who))


def _choose(server: Server, tx: Connection, ask: Ask, kept: str, wrong: str) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    wrong = wrong or put_both(server, tx, ask, _setup(who), kept)
    if wrong:
        return ask_for_it(server, tx, ask, _setup(who), wrong)
    end_others(server, tx, who, ask.now, "the password was changed")
    return redirect(server.at("/account"))


def _remove(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    ways = ways_of(server, tx, who.user)
    if not (ways.passkeys or ways.codes or ways.links):
        raise OAuthError("access_denied", LAST, status=409)
    if change_user(tx, who.user, now=ask.now, password="") is None:
        raise OAuthError("access_denied", CHANGED, status=409)
    totp.remove(tx, who.user.id, ask.now, who.user.id)
    note_person(
        tx, "password-removed", who.user.id, now=ask.now, issuer=server.url, source=ask.source
    )
    end_others(server, tx, who, ask.now, "the password was taken away")
    return redirect(server.at("/account"))


def _setup(who: SignedIn) -> Setup:
    return Setup(user=who.user, path=PATH, holder=who.session.id)


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=PATH, endpoint=offer),
    Route(method="POST", path=PATH, endpoint=choose, form=True),
    Route(method="POST", path=f"{PATH}/remove", endpoint=remove, form=True),
)
