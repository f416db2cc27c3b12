"""A person's passkeys: another one made, one named, one taken away.

Taking one away ends every other session, for it may have been stolen with its device; the last one
goes only where another way in is left.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from yett.issuer.account.signed_in import SignedIn, freshly, signed_in
from yett.issuer.account.ways import ways_of
from yett.issuer.cookies import browser_of, known_browser
from yett.issuer.errors import OAuthError
from yett.issuer.http import Answer, Ask, Route, redirect
from yett.issuer.pages import Html, button, el, field, form, hidden, show, shown
from yett.issuer.pages.trouble import trouble
from yett.issuer.passkeys import creation_options, make_challenge, register
from yett.issuer.passkeys.challenge import Ceremony
from yett.issuer.server import Server
from yett.issuer.sessions import end
from yett.state.accounts.notices import note_person
from yett.state.accounts.passkeys import (
    MAX_LABEL_CHARACTERS,
    list_passkeys,
    rename_passkey,
    revoke_passkey,
)
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import User

PLACE = "passkey"
NOT_MADE = "the passkey could not be added"
LAST = "this is your last way in; add another passkey or make recovery codes first"


@shown
def offer(server: Server, ask: Ask) -> Answer:
    """Answer `GET /account/passkeys/new`."""
    return server.store.write(lambda tx: _offer(server, tx, ask))


@shown
def add(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/passkeys/new`."""
    return server.store.write(lambda tx: _add(server, tx, ask))


@shown
def rename(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/passkeys/rename`: `id` and one field `label-...`."""
    return server.store.write(lambda tx: _rename(server, tx, ask))


@shown
def revoke(server: Server, ask: Ask) -> Answer:
    """Answer `POST /account/passkeys/revoke`."""
    return server.store.write(lambda tx: _revoke(server, tx, ask))


def creation_form(
    server: Server, path: str, user: User, tx: Connection, challenge: bytes, *parts: Html
) -> Html:
    """Make the form in which a passkey is made; the script fills in the credential."""
    options = creation_options(server, user, list_passkeys(tx, user.id), challenge)
    label = field(
        "Name",
        "label",
        hint="So that you recognise it later; may be left empty.",
        maxlength=MAX_LABEL_CHARACTERS,
    )
    return form(
        server,
        path,
        *parts,
        label,
        hidden("credential", ""),
        button("Make a passkey"),
        el("p", role="alert"),
        data_passkey="create",
        data_options=msgspec.json.encode(options).decode(),
    )


def _ceremony(holder: str, who: SignedIn) -> Ceremony:
    return Ceremony(purpose="add", holder=holder, context=who.session.id)


def _offer(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE, recovering=True)
    if isinstance(who, Answer):
        return who
    holder, headers = browser_of(server, ask)
    challenge = make_challenge(server, _ceremony(holder, who), ask.now)
    made = creation_form(server, "/account/passkeys/new", who.user, tx, challenge)
    back = el("p", el("a", "Back to your account", href=f"{server.base}/account"))
    return show(server, "Add a passkey", made, back, headers=headers, script=True)


def _add(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, PLACE, recovering=True)
    if isinstance(who, Answer):
        return who
    made = register(
        server,
        tx,
        ask.form.get("credential", ""),
        _ceremony(known_browser(server, ask), who),
        user=who.user,
        label=ask.form.get("label", ""),
        now=ask.now,
    )
    if isinstance(made, str):
        error = OAuthError("access_denied", NOT_MADE, status=403, note=made)
        return trouble(server, error, again="/account/passkeys/new")
    return redirect(server.at("/account"))


def _rename(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = signed_in(server, tx, ask, "account")
    if isinstance(who, Answer):
        return who
    labels = [value for name, value in ask.form.items() if name.startswith("label-")]
    label = labels[0].strip() if labels else ""
    if label:
        rename_passkey(tx, who.user.id, ask.form.get("id", ""), label)
    return redirect(server.at("/account"))


def _revoke(server: Server, tx: Connection, ask: Ask) -> Answer:
    who = freshly(server, tx, ask, "account")
    if isinstance(who, Answer):
        return who
    ways = ways_of(server, tx, who.user)
    if ways.passkeys <= 1 and not ways.others():
        raise OAuthError("access_denied", LAST, status=409)
    key = ask.form.get("id", "")
    if revoke_passkey(tx, who.user.id, key, ask.now):
        _note_revoked(server, tx, who, key, ask)
        _end_others(server, tx, who, ask)
    return redirect(server.at("/account"))


def _end_others(server: Server, tx: Connection, who: SignedIn, ask: Ask) -> None:
    for session in list_sessions(tx, who.user.id, ask.now):
        if session.id != who.session.id:
            end(server, tx, session, reason="a passkey was revoked", by=who.user.id, now=ask.now)


def _note_revoked(server: Server, tx: Connection, who: SignedIn, key: str, ask: Ask) -> None:
    note_person(
        tx,
        "passkey-revoked",
        who.user.id,
        now=ask.now,
        issuer=server.url,
        source=ask.source,
        credential=key,
        text=f"by {who.user.id}",
    )


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/account/passkeys/new", endpoint=offer),
    Route(method="POST", path="/account/passkeys/new", endpoint=add, form=True),
    Route(method="POST", path="/account/passkeys/rename", endpoint=rename, form=True),
    Route(method="POST", path="/account/passkeys/revoke", endpoint=revoke, form=True),
)
