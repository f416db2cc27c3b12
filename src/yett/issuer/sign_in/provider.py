"""Signing in, or linking an account, by way of an outside OpenID provider.

`/sign-in/with/NAME` leads there, `/sign-in/with/NAME/back` is where it sends the browser back to.
What waits for the sign-in says how fresh and how sure it must be, and the provider is asked so.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from yett.issuer.acr import MULTI_FACTOR, reaches
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.pages import shown
from yett.issuer.server import Server
from yett.issuer.sessions import current
from yett.issuer.sign_in.finish import finish
from yett.issuer.sign_in.waiting import Waiting, read_waiting
from yett.issuer.sso import Aim, Back, arrive, depart, find_provider
from yett.issuer.sso_person import find_person, link_person
from yett.issuer.sso_token import unproven
from yett.state.accounts.users import find_user

MAX_RACES = 3


@shown
def go(server: Server, ask: Ask) -> Answer:
    """Lead to a provider."""
    provider = find_provider(server, ask.arguments["name"])
    with server.store.read() as tx:
        waiting = read_waiting(server, tx, ask, ask.query)
    return depart(server, ask, provider, _aim(waiting))


@shown
def back(server: Server, ask: Ask) -> Answer:
    """Sign in, or link, who comes back."""
    provider = find_provider(server, ask.arguments["name"])
    came = arrive(server, ask, provider)
    end = _linked if came.ticket.user else _signed_in
    for race in range(MAX_RACES):
        try:
            return server.store.write(lambda tx: end(server, ask, tx, came))
        except IntegrityError:
            # The same person, twice at once: the other one made the account.
            if race == MAX_RACES - 1:
                raise
    raise AssertionError("the last race returns or raises")


def _signed_in(server: Server, ask: Ask, tx: Connection, came: Back) -> Answer:
    config = server.providers[ask.arguments["name"]].config
    user = find_person(tx, config, came.outsider, ask.now)
    acr = came.outsider.acr
    return finish(
        server,
        ask,
        tx,
        user,
        acr=acr,
        amr=("mfa",) if reaches(acr, (MULTI_FACTOR,)) else (),
        ticket=came.ticket,
        auth_time=came.outsider.auth_time,
    )


def _linked(server: Server, ask: Ask, tx: Connection, came: Back) -> Answer:
    session = current(server, tx, ask)
    user = find_user(tx, came.ticket.user)
    same = session is not None and session.id == came.ticket.data["session"]
    if user is None or session is None or not same or session.user != user.id:
        raise unproven("the link was asked for in another session")
    link_person(tx, user, came.outsider, ask.now)
    return redirect(server.at("/account"))


def _aim(waiting: Waiting) -> Aim:
    """Say what the sign-in there must be like for what waits here."""
    pending = waiting.pending
    # Who is signed in and comes again is asked to confirm it: a sign-in of before does not do.
    fresh = 0.0 if waiting.user is not None and waiting.to else None
    if pending is not None:
        fresh = 0.0 if "login" in pending.prompt else pending.max_age
    acr = pending.acr if pending is not None else ()
    return Aim(data=waiting.data, acr=acr, max_age=fresh)


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/sign-in/with/{name}", endpoint=go),
    Route(method="GET", path="/sign-in/with/{name}/back", endpoint=back),
)
