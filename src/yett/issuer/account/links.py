"""`/account/links`: at which outside providers somebody can sign in as this account.

A link begins and ends in one session of the account, freshly signed in (see `sign_in/provider.py`
for its end). The way to the provider is a link on a page of ours: browsers hold what follows a form
to the policy of its page.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer.account.passkeys import LAST
from yett.issuer.account.password import end_others
from yett.issuer.account.signed_in import SignedIn, freshly
from yett.issuer.account.ways import ways_of
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.pages import Html, button, el, form, hidden, show, shown
from yett.issuer.server import Server
from yett.issuer.sso import Aim, depart, find_provider
from yett.state.accounts.links import Link, drop_link, links_of
from yett.state.accounts.notices import note_person

PLACE = "account"
PATH = "/account/links"


@shown
def offer(server: Server, ask: Ask) -> Answer:
    """Answer `GET /account/links`."""
    return server.store.write(lambda tx: _offer(server, tx, ask))


@shown
def begin(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/links`: `name` is a provider's."""
    provider = find_provider(server, ask.form.get("name", ""))
    with server.store.read() as tx:
        who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    away = depart(server, ask, provider, Aim(user=who.user.id, session=who.session.id))
    headers = [pair for pair in away.headers if pair[0] == "set-cookie"]
    onward = el("a", f"Continue at {provider.config.name}", href=dict(away.headers)["location"])
    return show(server, "Link an account", el("p", onward), _back(server), headers=(*headers,))


@shown
def remove(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/links/remove`: `issuer` and `subject`."""
    return server.store.write(lambda tx: _remove(server, tx, ask))


def _offer(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    names = {one.url: one.name for one in server.settings.provider}
    rows = [_row(server, link, names) for link in links_of(tx, who.user.id)]
    more = [
        form(server, PATH, hidden("name", name), button(f"Link {name}", quiet=True))
        for name in server.providers
    ]
    held = el("ul", *rows, class_="rows") if rows else el("p", "There are none.")
    return show(server, "Linked accounts", held, *more, _back(server))


def _row(server: Server, link: Link, names: dict[str, str]) -> Html:
    end = form(
        server,
        f"{PATH}/remove",
        hidden("issuer", link.issuer),
        hidden("subject", link.subject),
        button("Remove", quiet=True),
    )
    known = names.get(link.issuer, link.issuer)
    return el("li", el("strong", known), el("small", link.subject), end)


def _remove(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE)
    if isinstance(who, Answer):
        return who
    issuer, subject = ask.form.get("issuer", ""), ask.form.get("subject", "")
    link = Link(issuer=issuer, subject=subject, user=who.user.id, created=0.0)
    if drop_link(tx, link):
        ways = ways_of(server, tx, who.user)
        if not (ways.passkeys or ways.others()):
            raise OAuthError("access_denied", LAST, status=409)  # and the link stays
        _put_down(server, tx, who, ask, link)
        end_others(server, tx, who, ask.now, "a link was taken away")
    return redirect(server.at(PATH))


def _put_down(server: Server, tx: Connection, who: SignedIn, ask: Ask, link: Link) -> None:
    note_person(
        tx,
        "account-unlinked",
        who.user.id,
        now=ask.now,
        issuer=server.url,
        source=ask.source,
        text=f"{link.issuer}: {link.subject}",
    )


def _back(server: Server) -> Html:
    return el("p", el("a", "Back to your account", href=f"{server.base}/account"))


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=PATH, endpoint=offer),
    Route(method="POST", path=PATH, endpoint=begin, form=True),
    Route(method="POST", path=f"{PATH}/remove", endpoint=remove, form=True),
)
