"""`/sign-in`: asks who somebody is, or to confirm it; says who wants to know, and what for.

The passkey comes first and needs no name. Which accounts there are, and what they have, is never
told: every way is offered to everybody (CWE-204).
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from yett.issuer.assurance import suffices
from yett.issuer.cookies import browser_of
from yett.issuer.details import describe
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.pages import Html, button, el, form, hidden, show, shown
from yett.issuer.pages.html import join
from yett.issuer.passkeys import make_challenge, request_options
from yett.issuer.server import Server
from yett.issuer.sign_in.finish import destination
from yett.issuer.sign_in.waiting import Waiting, read_waiting
from yett.issuer.sign_in.ways import only_passkeys, other_ways
from yett.state.accounts.passkeys import Passkey, list_passkeys


@shown
def ask_who(server: Server, ask: Ask) -> Answer:
    """Answer `GET /sign-in?r=ID`, `?to=NAME`, or neither."""
    return server.store.write(lambda tx: _ask(server, tx, ask))


def _ask(server: Server, tx: Connection, ask: Ask) -> Answer:
    waiting = read_waiting(server, tx, ask, ask.query)
    if _is_done(waiting, ask.now):
        url, parameters = destination(server, waiting.data)
        return redirect(url, parameters)
    holder, headers = browser_of(server, ask)
    challenge = make_challenge(server, waiting.ceremony(holder), ask.now)
    known = list_passkeys(tx, waiting.user.id) if waiting.user else []
    return show(
        server,
        "Confirm that it is you" if waiting.user else "Sign in",
        _purpose(server, waiting),
        only_passkeys(server, waiting, len(known)),
        passkey_form(server, waiting, challenge, known),
        other_ways(server, waiting),
        headers=headers,
        forms_to=(waiting.pending.redirect,) if waiting.pending else (),
        script=True,
    )


def passkey_form(server: Server, waiting: Waiting, challenge: bytes, known: list[Passkey]) -> Html:
    """Make the form of a passkey; the script fills in the credential and sends it."""
    options = request_options(server, challenge, known)
    return form(
        server,
        "/sign-in/passkey",
        carried(waiting),
        hidden("credential", ""),
        button("Confirm with a passkey" if waiting.user else "Sign in with a passkey"),
        el("p", role="alert"),
        data_passkey="get",
        data_options=msgspec.json.encode(options).decode(),
    )


def carried(waiting: Waiting) -> Html:
    """Make the hidden fields of what a sign-in is for."""
    return join(*(hidden(name, value) for name, value in waiting.data.items()))


def _is_done(waiting: Waiting, now: float) -> bool:
    """Whether who is signed in already is all that is wanted."""
    if waiting.session is None:
        return False
    if waiting.pending is not None:
        return suffices(waiting.session, waiting.pending, now)
    return not waiting.to


def _purpose(server: Server, waiting: Waiting) -> Html:
    """Say who asks and what is confirmed, so that nobody confirms something else."""
    parts = []
    pending = waiting.pending
    if pending is not None:
        parts.append(el("p", el("strong", pending.client_name), " asks you to sign in."))
    if pending is not None and pending.details:
        wishes = [el("li", describe(detail)) for detail in pending.details]
        parts.append(el("p", "You confirm that it may:"))
        parts.append(el("ul", *wishes, id="confirmed"))
    if waiting.user is not None:
        other = el("a", "Use another account", href=_other(server, waiting))
        name = el("strong", waiting.user.name or waiting.user.login)
        parts.append(el("p", "You are signed in as ", name, ". ", other))
    return join(*parts)


def _other(server: Server, waiting: Waiting) -> str:
    return server.base + waiting.link("/sign-in", other="1")


ROUTES: tuple[Route, ...] = (Route(method="GET", path="/sign-in", endpoint=ask_who),)
