"""`/account/second-factor`: the app that goes with a password, put in the place of the old one.

The old app works until the new one has shown a code, so that nothing is lost half-way.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer import totp
from yett.issuer.account.password import allowed, end_others
from yett.issuer.account.signed_in import SignedIn, freshly
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.pages import button, el, form, show, shown
from yett.issuer.password_setup import WRONG_CODE, app_fields
from yett.issuer.server import Server

PLACE = "second-factor"
PATH = "/account/second-factor"


@shown
def offer(server: Server, ask: Ask) -> Answer:
    """Answer `GET /account/second-factor`."""
    allowed(server)
    return server.store.write(lambda tx: _offer(server, tx, ask))


@shown
def replace(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/second-factor`."""
    allowed(server)
    return server.store.write(lambda tx: _replace(server, tx, ask))


def _offer(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    if not who.user.password:
        return redirect(server.at("/account/password"))  # an app alone signs nobody in
    return _page(server, ask, who)


def _replace(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    good = bool(who.user.password) and totp.confirm(
        server,
        tx,
        who.user.id,
        holder=who.session.id,
        sealed=ask.form.get("sealed", ""),
        code=ask.form.get("code", ""),
        now=ask.now,
    )
    if not good:
        return _page(server, ask, who, wrong=True)
    end_others(server, tx, who, ask.now, "the second factor was changed")
    return redirect(server.at("/account"))


def _page(server: Server, ask: Ask, who: SignedIn, *, wrong: bool = False) -> Answer:
    user, holder = who.user, who.session.id
    sealed = ask.form.get("sealed", "")
    again = totp.redraft(server, user.id, user.login, holder=holder, sealed=sealed, now=ask.now)
    draft = again or totp.draft(server, user.id, user.login, holder, ask.now)
    said = f"{WRONG_CODE[:1].upper()}{WRONG_CODE[1:]}."
    return show(
        server,
        "Use another app",
        *([el("p", said, role="alert")] if wrong else []),
        form(server, PATH, app_fields(draft), button("Keep")),
        el("p", el("a", "Back to your account", href=f"{server.base}/account")),
        status=403 if wrong else 200,
    )


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=PATH, endpoint=offer),
    Route(method="POST", path=PATH, endpoint=replace, form=True),
)
