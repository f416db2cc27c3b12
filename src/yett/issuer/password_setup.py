"""Choosing a password, and the app that goes with it: the form, what is wrong, and keeping both.

A password is kept only together with a second factor: where the account has none, the form enrols
one, and both are kept in one transaction or neither. Used on the account page and at enrolment.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from yett.issuer import password, totp
from yett.issuer.http import Answer, Ask
from yett.issuer.pages import Html, button, el, field, form, hidden, show
from yett.issuer.pages.html import join
from yett.issuer.password_rules import MAX_CHARACTERS, MIN_CHARACTERS, flaw
from yett.issuer.server import Server
from yett.issuer.totp import Draft
from yett.state.accounts.notices import note_person
from yett.state.accounts.totps import find_totp
from yett.state.accounts.users import User, change_user

DIFFERENT = "the two passwords are not the same"
WRONG_CODE = "the code is wrong or too old; type the one that the app shows now"
CHANGED = "the account was changed meanwhile; try again"


class Setup(Struct, frozen=True, kw_only=True):
    """Who chooses a password, and where.

    Args:
        user: the account, as it was read in this transaction.
        path: where the form goes.
        holder: the session's id, or the digest of the invitation: who may confirm the app.
        carried: hidden fields that come back with the form.
        anew: whether an app is enrolled even where the account has one, which may be lost.
    """

    user: User
    path: str
    holder: str
    carried: Html = join()
    anew: bool = False


def ask_for_it(server: Server, tx: Connection, ask: Ask, setup: Setup, wrong: str = "") -> Answer:
    """Show the form; `wrong` is what was wrong with the last one."""
    parts = [_app(server, ask, setup)] if _needs_app(tx, setup) else []
    return show(
        server,
        "Choose a password",
        *([el("p", f"{wrong[:1].upper()}{wrong[1:]}.", role="alert")] if wrong else []),
        form(
            server,
            setup.path,
            setup.carried,
            hidden("username", setup.user.login),
            _field("Password", "password", f"At least {MIN_CHARACTERS} characters, of any kind."),
            _field("The same again", "repeated", ""),
            *parts,
            button("Keep"),
        ),
        status=403 if wrong else 200,
    )


def judged(server: Server, ask: Ask, user: User) -> tuple[str, str]:
    """Judge and hash what was typed; returns what is kept, and what is wrong. Blocks for a hash."""
    typed = ask.form.get("password", "")
    wrong = flaw(typed, user.login, user.email, user.name, server.rp_id)
    if not wrong and typed != ask.form.get("repeated", ""):
        wrong = DIFFERENT
    return ("", wrong) if wrong else (password.keep(server, user.id, typed), "")


def put_both(server: Server, tx: Connection, ask: Ask, setup: Setup, kept: str) -> str:
    """Keep a judged password, and the app where there was none; returns what is wrong."""
    user = setup.user
    if _needs_app(tx, setup) and not totp.confirm(
        server,
        tx,
        user.id,
        holder=setup.holder,
        sealed=ask.form.get("sealed", ""),
        code=ask.form.get("code", ""),
        now=ask.now,
    ):
        return WRONG_CODE
    if change_user(tx, user, now=ask.now, password=kept) is None:
        return CHANGED
    note_person(tx, "password-set", user.id, now=ask.now, issuer=server.url, source=ask.source)
    return ""


def app_fields(draft: Draft) -> Html:
    """Make the fields that enrol an app: the secret to type or to open, and the first code."""
    return join(
        el("p", "Add this secret to your authenticator app, then type the code it shows:"),
        el("p", el("code", draft.secret, id="secret")),
        el("p", el("a", "Open the app", href=draft.uri)),
        hidden("sealed", draft.sealed),
        field(
            "Code of the app",
            "code",
            autocomplete="one-time-code",
            inputmode="numeric",
            required=True,
        ),
    )


def _needs_app(tx: Connection, setup: Setup) -> bool:
    return setup.anew or find_totp(tx, setup.user.id) is None


def _app(server: Server, ask: Ask, setup: Setup) -> Html:
    """Offer a secret: that of the form before, so that nobody has to scan twice."""
    user, sealed = setup.user, ask.form.get("sealed", "")
    again = totp.redraft(
        server, user.id, user.login, holder=setup.holder, sealed=sealed, now=ask.now
    )
    return app_fields(again or totp.draft(server, user.id, user.login, setup.holder, ask.now))


def _field(label: str, name: str, hint: str) -> Html:
    return field(
        label,
        name,
        kind="password",
        autocomplete="new-password",
        hint=hint,
        required=True,
        minlength=MIN_CHARACTERS,
        maxlength=MAX_CHARACTERS,
    )
