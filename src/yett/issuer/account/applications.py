"""Applications that a person has let in: seen, and put out again, with everything they hold.

Ending one ends its grants, so its refresh tokens here and its access tokens at every gate, and
forgets what was agreed to: the next time the person is asked. Needs no fresh sign-in.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer.account.signed_in import signed_in
from yett.issuer.grants.issue import end_grant
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.pages import Html, button, el, form, hidden, show, shown
from yett.issuer.scopes import describe_scope
from yett.issuer.server import Server
from yett.state.accounts.clients import find_client
from yett.state.accounts.consents import drop_consent, list_consents
from yett.state.accounts.grants import list_grants

PATH = "/account/applications"
REASON = "ended by its owner"


class Application(Struct, frozen=True):
    """A client that may do something for a person: its id, its name, and its scopes in order."""

    client: str
    name: str
    scopes: tuple[str, ...]


def list_applications(tx: Connection, user: str, now: float) -> list[Application]:
    """Return the clients that hold a living grant of a person, or are not asked about again."""
    held: dict[str, set[str]] = {}
    for grant in list_grants(tx, now, user=user):
        held.setdefault(grant.client, set()).update(grant.scopes)
    for consent in list_consents(tx, user):
        held.setdefault(consent.client, set()).update(consent.scopes)
    found = []
    for name, scopes in held.items():
        client = find_client(tx, name)
        shown_as = client.name if client is not None and client.name else name
        found.append(Application(name, shown_as, tuple(sorted(scopes))))
    return sorted(found, key=lambda one: (one.name, one.client))


@shown
def applications(server: Server, ask: Ask) -> Answer:
    """Answer `GET /account/applications`."""
    return server.store.write(lambda tx: _page(server, tx, ask))


@shown
def end_application(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/applications/end`: `client` is the id of one."""
    return server.store.write(lambda tx: _end(server, tx, ask))


def _page(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = signed_in(server, tx, ask, "account")
    if isinstance(who, Answer):
        return who
    rows = [el("li", *_row(server, one)) for one in list_applications(tx, who.user.id, ask.now)]
    none = el("p", "No application may do anything for you.")
    back = el("p", el("a", "Your account", href=f"{server.base}/account"))
    return show(server, "Applications", el("ul", *rows, class_="rows") if rows else none, back)


def _row(server: Server, application: Application) -> list[Html]:
    may = ", ".join(describe_scope(server, scope) for scope in application.scopes)
    end = form(server, PATH + "/end", hidden("client", application.client), button("End"))
    return [el("strong", application.name), el("small", f"may {may}" if may else ""), end]


def _end(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = signed_in(server, tx, ask, "account")
    if isinstance(who, Answer):
        return who
    named = ask.form.get("client", "")
    if named:
        # Both are looked up by this person: no other id names anything (CWE-639).
        for grant in list_grants(tx, ask.now, user=who.user.id, client=named):
            end_grant(tx, grant.id, ask.now, REASON, who.user.id)
        drop_consent(tx, who.user.id, named)
    return redirect(server.at(PATH))


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=PATH, endpoint=applications),
    Route(method="POST", path=f"{PATH}/end", endpoint=end_application, form=True),
)
