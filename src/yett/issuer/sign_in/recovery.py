"""`/sign-in/recovery`: a recovery code, for who has lost every passkey.

It signs in with one factor, ends every session and grant of the account, and leads to where a new
passkey is made; what waited for the sign-in begins anew with that. One wording for a wrong name and
a wrong code (CWE-204).
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer import recovery, throttle
from yett.issuer.acr import SINGLE_FACTOR
from yett.issuer.grants.issue import end_grant
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.pages import button, el, field, form, show, shown
from yett.issuer.server import Server
from yett.issuer.sessions import end
from yett.issuer.sign_in.failure import failed
from yett.issuer.sign_in.finish import finish
from yett.issuer.sign_in.page import carried
from yett.issuer.sign_in.waiting import SIGN_IN, Waiting, read_waiting
from yett.issuer.throttle import Try
from yett.state.accounts.grants import list_grants
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.tickets import Ticket
from yett.state.accounts.users import ACTIVE, find_login

WRONG = "The name or the code is wrong, or the code was used."
MAX_NAME_CHARACTERS = 200
AMR = ("kba",)
REASON = "a recovery code was used"


@shown
def ask_code(server: Server, ask: Ask) -> Answer:
    """Answer `GET /sign-in/recovery`."""
    with server.store.read() as tx:
        waiting = read_waiting(server, tx, ask, ask.query)
    return _page(server, waiting, "")


@shown
def take_code(server: Server, ask: Ask) -> Answer:
    """Answer `POST /sign-in/recovery`."""
    name = ask.form.get("login", "")[:MAX_NAME_CHARACTERS]
    done = server.store.write(lambda tx: _take(server, tx, ask, name))
    if isinstance(done, float):
        raise throttle.too_many(done)
    return done


def _take(server: Server, tx: Connection, ask: Ask, name: str) -> Answer | float:
    """Use the code up and sign in; else return the page again, or the seconds to wait."""
    waiting = read_waiting(server, tx, ask, ask.form)
    user = find_login(tx, name)
    who = user.id if user is not None else throttle.nobody(name)
    attempt = Try(kind="recovery", who=who, source=ask.source)
    wait = throttle.take(tx, attempt, ask.now)
    if wait:
        return wait
    # A code of an account that may not sign in is not used up by trying.
    may = user is not None and user.status == ACTIVE
    if user is None or not may or not recovery.redeem(tx, user.id, _typed(ask), ask.now):
        failed(server, tx, ask, user, "recovery code")
        return _page(server, waiting, name, wrong=True)
    throttle.cleared(tx, attempt)
    _end_all(server, tx, user.id, ask.now)
    onward = Ticket(digest="", purpose=SIGN_IN, data={"to": "passkey"})
    return finish(server, ask, tx, user, acr=SINGLE_FACTOR, amr=AMR, ticket=onward)


def _end_all(server: Server, tx: Connection, user: str, now: float) -> None:
    """End what was begun before: whoever lost their passkeys may have lost them to somebody."""
    for session in list_sessions(tx, user, now):
        end(server, tx, session, reason=REASON, by=user, now=now)
    for grant in list_grants(tx, now, user=user):
        end_grant(tx, grant.id, now, REASON, user)


def _typed(ask: Ask) -> str:
    return ask.form.get("code", "")


def _page(server: Server, waiting: Waiting, name: str, *, wrong: bool = False) -> Answer:
    return show(
        server,
        "Use a recovery code",
        *([el("p", WRONG, role="alert")] if wrong else []),
        el("p", "It ends all your sessions, and lets you make a new passkey."),
        form(
            server,
            "/sign-in/recovery",
            carried(waiting),
            field(
                "Name",
                "login",
                value=name,
                autocomplete="username",
                required=True,
                maxlength=MAX_NAME_CHARACTERS,
            ),
            field("Recovery code", "code", required=True, maxlength=64),
            button("Sign in"),
        ),
        el("p", el("a", "Sign in another way", href=server.base + waiting.link("/sign-in"))),
        status=403 if wrong else 200,
    )


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/sign-in/recovery", endpoint=ask_code),
    Route(method="POST", path="/sign-in/recovery", endpoint=take_code, form=True),
)
