"""A person, a browser and an authenticator: what people do at the pages, in one line each."""

from __future__ import annotations

from kit.accounts import NOW
from kit.pages import Page, make_with, sign_with
from kit.visitor import Visitor

from yett.issuer import enrol, renewal
from yett.issuer.account import page as account_page
from yett.issuer.account import passkeys, sessions
from yett.issuer.sign_in import page as sign_in_page
from yett.issuer.sign_in import passkey as sign_in_passkey


class Household:
    """Ada, her browser and her passkey; every step takes the moment at which it happens."""

    def __init__(self, server, person, authenticator):
        self.server, self.person, self.authenticator = server, person, authenticator
        self.browser = Visitor(server)

    def link(self, now=NOW):
        """An invitation; returns its secret."""
        url = self.server.store.write(
            lambda tx: enrol.invite(self.server, tx, self.person, now=now, by="cli:root")
        )
        return url.partition("#")[2]

    def open_link(self, secret, now=NOW):
        return self.browser.post(enrol.offer, "/enrol", form={"ticket": secret}, now=now)

    def enrol(self, secret=None, now=NOW, **said):
        """Open an invitation and make the passkey."""
        page = Page(self.open_link(secret or self.link(now), now))
        made = make_with(self.authenticator, page.form("/enrol/passkey"), **said)
        form = page.fields("/enrol/passkey", credential=made)
        return self.browser.post(enrol.enrol, "/enrol/passkey", form=form, now=now)

    def sign_in_page(self, now=NOW, **query):
        return self.browser.get(sign_in_page.ask_who, "/sign-in", query=query, now=now)

    def sign_in(self, now=NOW, said=None, parts=None, **query):
        """Load the page, show the passkey."""
        page = Page(self.sign_in_page(now, **query))
        shown = sign_with(self.authenticator, page.form("/sign-in/passkey"), said, **(parts or {}))
        return self.send(page.fields("/sign-in/passkey", credential=shown), now)

    def send(self, form, now=NOW):
        return self.browser.post(
            sign_in_passkey.take_passkey, "/sign-in/passkey", form=form, now=now
        )

    def account(self, now=NOW):
        return self.browser.get(account_page.account, "/account", now=now)

    def offer(self, now=NOW):
        return self.browser.get(passkeys.offer, "/account/passkeys/new", now=now)

    def add(self, authenticator, now=NOW, label="", **said):
        page = Page(self.offer(now))
        made = make_with(authenticator, page.form("/account/passkeys/new"), **said)
        form = page.fields("/account/passkeys/new", credential=made, label=label)
        return self.browser.post(passkeys.add, "/account/passkeys/new", form=form, now=now)

    def revoke(self, key, now=NOW):
        form = {"id": key}
        return self.browser.post(passkeys.revoke, "/account/passkeys/revoke", form=form, now=now)

    def rename(self, key, label, now=NOW):
        form = {"id": key, "label-0": label} if label else {"id": key}
        return self.browser.post(passkeys.rename, "/account/passkeys/rename", form=form, now=now)

    def end(self, named, now=NOW):
        form = {"id": named}
        return self.browser.post(sessions.end_sessions, "/account/sessions/end", form=form, now=now)

    def renew(self, now=NOW):
        return self.browser.post(renewal.renew, "/session", now=now)
