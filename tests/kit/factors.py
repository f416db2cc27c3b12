"""A person's app and password, as a person uses them."""

from __future__ import annotations

import base64
import re

from kit.accounts import NOW, make_server

from yett.issuer import password, totp
from yett.state.accounts.users import add_user, change_user

PASSWORD = "kitchen fish lamp"


def make_issuer(folder, **settings):
    """An issuer at which passwords are allowed, on the clock of the tests."""
    server = make_server(folder, passwords=True, **settings)
    server.clock = lambda: NOW
    return server


def code_of(secret, now=NOW):
    """What the app shows; `secret` is bytes, or text as the page shows it."""
    if isinstance(secret, str):
        secret = base64.b32decode(secret)
    return totp.code_at(secret, int(now // totp.STEP_SECONDS))


def secret_of(answer):
    """The secret that a page shows."""
    return re.search(rb'<code id="secret">([A-Z2-7]+)</code>', answer.body)[1].decode()


def enrolled(server, login="ada"):
    """Somebody with a password and an app, enrolled a while ago; returns them and the secret."""
    before = NOW - 600

    def work(tx):
        user = add_user(tx, login=login, now=before)
        kept = password.keep(server, user.id, PASSWORD)
        user = change_user(tx, user, now=before, password=kept)
        draft = totp.draft(server, user.id, login, "s", before)
        digits = code_of(draft.secret, before)
        assert totp.confirm(
            server, tx, user.id, holder="s", sealed=draft.sealed, code=digits, now=before
        )
        return user, base64.b32decode(draft.secret)

    return server.store.write(work)
