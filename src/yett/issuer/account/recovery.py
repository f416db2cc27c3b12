"""`/account/recovery`: fresh recovery codes, shown on this one page and never again."""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer import recovery
from yett.issuer.account.signed_in import freshly
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.pages import Html, button, el, form, show, shown
from yett.issuer.server import Server
from yett.state.accounts.recovery import codes_left

PLACE = "recovery"
PATH = "/account/recovery"


@shown
def offer(server: Server, ask: Ask) -> Answer:
    """Answer `GET /account/recovery`."""
    return server.store.write(lambda tx: _offer(server, tx, ask))


@shown
def renew(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/recovery`."""
    return server.store.write(lambda tx: _renew(server, tx, ask))


def _offer(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    left = codes_left(tx, who.user.id)
    old = f"You have {left} codes left; new ones end them." if left else "You have no codes."
    return show(
        server,
        "Recovery codes",
        el("p", old),
        el("p", "Each lets you in once when your passkeys are lost. Keep them on paper."),
        form(server, PATH, button(f"Make {recovery.CODES} new codes")),
        _back(server),
    )


def _renew(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    codes = recovery.renew(tx, who.user.id, ask.now, who.user.id)
    rows = [el("li", el("code", code)) for code in codes]
    return show(
        server,
        "Your recovery codes",
        el("p", "They are shown once. Each is good once; the old ones are good for nothing now."),
        el("ul", *rows, class_="rows", id="codes"),
        _back(server),
    )


def _back(server: Server) -> Html:
    return el("p", el("a", "Back to your account", href=f"{server.base}/account"))


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=PATH, endpoint=offer),
    Route(method="POST", path=PATH, endpoint=renew, form=True),
)
