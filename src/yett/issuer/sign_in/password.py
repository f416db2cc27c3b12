"""`/sign-in/password`: a name, a password and a code by time, asked and judged together.

Only where `passwords = true`. One wording for a wrong name, password or code, and one hash for each
(CWE-204, CWE-208). Whoever knows the password and tries codes is slowed far more than who guesses
passwords; what is typed is never shown again, but for the name. NIST SP 800-63B s5.1.1, s5.1.4.
"""

from __future__ import annotations

from sqlalchemy import Connection

from yett.issuer import password, throttle, totp
from yett.issuer.acr import MULTI_FACTOR
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.pages import button, el, field, form, show, shown
from yett.issuer.server import Server
from yett.issuer.sign_in.failure import failed
from yett.issuer.sign_in.finish import finish
from yett.issuer.sign_in.page import carried
from yett.issuer.sign_in.waiting import Waiting, read_waiting
from yett.issuer.throttle import Try
from yett.state.accounts.users import User, change_user, find_login, find_user

WRONG = "The name, the password or the code is wrong, or the code was used."
MAX_NAME_CHARACTERS = 200
AMR = ("pwd", "otp", "mfa")


@shown
def ask_password(server: Server, ask: Ask) -> Answer:
    """Answer `GET /sign-in/password`."""
    _allowed(server)
    with server.store.read() as tx:
        waiting = read_waiting(server, tx, ask, ask.query)
    # What the client thinks is only filled in: the person may write another name.
    hint = waiting.pending.login_hint if waiting.pending else ""
    return _page(server, waiting, waiting.user.login if waiting.user else hint)


@shown
def take_password(server: Server, ask: Ask) -> Answer:
    """Answer `POST /sign-in/password`."""
    _allowed(server)
    name = ask.form.get("login", "")[:MAX_NAME_CHARACTERS]
    waiting, user, wait = server.store.write(lambda tx: _begin(server, tx, ask, name))
    if wait:
        raise throttle.too_many(wait)
    text = ask.form.get("password", "")
    good = password.verify(server, user, text)
    if user is not None and good and (waiting.user is None or waiting.user.id == user.id):
        fresh = password.keep(server, user.id, text) if password.outdated(server, user) else ""
        done = server.store.write(lambda tx: _end(server, tx, ask, waiting, user, fresh))
        if isinstance(done, Answer):
            return done
        if done:
            raise throttle.too_many(done)
    server.store.write(lambda tx: failed(server, tx, ask, user, "password"))
    return _page(server, waiting, name, wrong=True)


def _begin(
    server: Server, tx: Connection, ask: Ask, name: str
) -> tuple[Waiting, User | None, float]:
    """Count the try before it is made; a hundred at once are a hundred."""
    waiting = read_waiting(server, tx, ask, ask.form)
    user = find_login(tx, name)
    return waiting, user, throttle.take(tx, _try("password", user, name, ask), ask.now)


def _end(  # noqa: PLR0917 — one transaction with all it needs
    server: Server, tx: Connection, ask: Ask, waiting: Waiting, user: User, fresh: str
) -> Answer | float:
    """Use the code up and sign in; else return the seconds to wait, 0.0 for a wrong code."""
    held = find_user(tx, user.id)
    if held is None or held.password != user.password:
        return 0.0  # changed while it was hashed
    code = _try("otp", user, "", ask)
    wait = throttle.take(tx, code, ask.now)
    if wait or not totp.verify(server, tx, user.id, ask.form.get("code", ""), ask.now):
        return wait
    throttle.cleared(tx, code)
    throttle.cleared(tx, _try("password", user, "", ask))
    if fresh:
        change_user(tx, held, now=ask.now, password=fresh)
    return finish(server, ask, tx, user, acr=MULTI_FACTOR, amr=AMR, ticket=waiting.ticket())


def _try(kind: str, user: User | None, name: str, ask: Ask) -> Try:
    who = user.id if user is not None else throttle.nobody(name)
    return Try(kind=kind, who=who, source=ask.source)


def _allowed(server: Server) -> None:
    if not server.settings.passwords:
        raise OAuthError("not_found", "there are no passwords here", status=404)


def _page(server: Server, waiting: Waiting, name: str, *, wrong: bool = False) -> Answer:
    return show(
        server,
        "Sign in with a password",
        *([el("p", WRONG, role="alert")] if wrong else []),
        form(
            server,
            "/sign-in/password",
            carried(waiting),
            field(
                "Name",
                "login",
                value=name,
                autocomplete="username",
                required=True,
                maxlength=MAX_NAME_CHARACTERS,
            ),
            field(
                "Password",
                "password",
                kind="password",
                autocomplete="current-password",
                required=True,
            ),
            field(
                "Code of your authenticator app",
                "code",
                autocomplete="one-time-code",
                inputmode="numeric",
                required=True,
            ),
            button("Sign in"),
        ),
        el("p", el("a", "Sign in another way", href=server.base + waiting.link("/sign-in"))),
        status=403 if wrong else 200,
        forms_to=(waiting.pending.redirect,) if waiting.pending else (),
    )


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/sign-in/password", endpoint=ask_password),
    Route(method="POST", path="/sign-in/password", endpoint=take_password, form=True),
)
