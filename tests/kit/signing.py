"""People with accounts and passkeys who sign votes on approvals; every part can be told to be wrong."""

from __future__ import annotations

import json

from kit.authenticator import Authenticator, client_data
from webauthn.helpers import encode_cbor

from yett.credentials.passkeys.shown import encode
from yett.credentials.passkeys.signature import site_of
from yett.credentials.passkeys.vote import vote_challenge
from yett.state.accounts import AccountStore
from yett.state.accounts.passkeys import Passkey, add_passkey
from yett.state.accounts.users import add_user

ISSUER = "https://api.example.com/auth"
NOW = 1_800_000_000.0


class Signer:
    """An account with one passkey.

    Attributes:
        user: the account.
        key: the authenticator; `id` is the passkey's.
    """

    def __init__(self, store, login, *, issuer=ISSUER, kind="es256", **account):
        self.store, self.site = store, site_of(issuer)
        self.user = store.write(lambda tx: add_user(tx, login=login, now=NOW, **account))
        self.key = Authenticator(kind, rp_id=self.site.rp_id, user=self.user.id)
        self.id = encode(self.key.id)
        row = Passkey(id=self.id, user=self.user.id, public_key=encode_cbor(self.key.cose()))
        assert store.write(lambda tx: add_passkey(tx, row))

    def assertion(self, approval, digest, decision="approve", *, said=None, **parts):
        """What a page sends of a vote, as JSON text."""
        challenge = vote_challenge(approval, digest, approve=decision == "approve")
        data = client_data(challenge, **{"origin": self.site.origin, **(said or {})})
        return self.key.sign(data, **parts)

    def vote(self, asked, decision="approve", **wrong):
        """The body of a vote on what was asked."""
        text = self.assertion(asked["approval"], asked["digest"], decision, **wrong)
        return {"decision": decision, "digest": asked["digest"], "assertion": json.loads(text)}


def open_store(folder, url="sqlite:///var/yett.db"):
    """The accounts of a contract folder."""
    store = AccountStore(url, folder)
    store.prepare()
    return store
