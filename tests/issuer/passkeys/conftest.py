"""A person with a passkey, and ceremonies that go as they should unless told otherwise."""

from __future__ import annotations

import pytest
from kit.accounts import NOW
from kit.authenticator import Authenticator, client_data

from yett.issuer.passkeys import make_challenge, prove, register
from yett.issuer.passkeys.challenge import Ceremony

HOLDER = "b" * 64
MAKE = Ceremony(purpose="add", holder=HOLDER, context="x")
SIGN = Ceremony(purpose="sign-in", holder=HOLDER, context="x")


class Party:
    """The relying party with one person, and what a page would send."""

    def __init__(self, server, person):
        self.server, self.person = server, person

    def authenticator(self, kind="es256", **more):
        return Authenticator(kind, user=self.person.id, **more)

    def challenge(self, ceremony=SIGN, now=NOW):
        return make_challenge(self.server, ceremony, now)

    def made(self, authenticator, *, said=None, kind="webauthn.create", **parts):
        return authenticator.make(
            client_data(self.challenge(MAKE), kind=kind, **(said or {})), **parts
        )

    def register(self, text, *, ceremony=MAKE, label="", now=NOW, user=None):
        return self.server.store.write(
            lambda tx: register(
                self.server, tx, text, ceremony, user=user or self.person, label=label, now=now
            )
        )

    def prove(self, text, *, ceremony=SIGN, user="", now=NOW):
        return self.server.store.write(
            lambda tx: prove(self.server, tx, text, ceremony, now=now, user=user)
        )

    def registered(self, kind="es256", **more):
        authenticator = self.authenticator(kind, **more)
        passkey = self.register(self.made(authenticator))
        assert not isinstance(passkey, str), passkey
        return authenticator, passkey


@pytest.fixture
def party(server, person):
    return Party(server, person)
