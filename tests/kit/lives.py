"""An account with all that one can hold: a session, a grant, an API key, a service, a passkey."""

from __future__ import annotations

import msgspec
from kit.accounts import NOW, make_server

from yett.credentials.api_key import KeyRecord
from yett.state.accounts.clients import Client, add_client
from yett.state.accounts.grants import Grant, add_grant
from yett.state.accounts.passkeys import Passkey, add_passkey
from yett.state.accounts.sessions import add_session
from yett.state.accounts.users import add_user
from yett.state.key_file import change, make_key

DAY = 86_400.0


class Lives:
    """A server with a file of API keys and a clock that tests move.

    Attributes:
        now: what the server's clock says.
    """

    def __init__(self, folder, **settings):
        self.now = NOW
        self.server = make_server(folder, **settings)
        identity = msgspec.structs.replace(self.server.config.identity, keys="keys.json")
        self.server.config = msgspec.structs.replace(self.server.config, identity=identity)
        self.server.clock = lambda: self.now

    def write(self, work):
        return self.server.store.write(work)

    def read(self, work):
        with self.server.store.read() as tx:
            return work(tx)

    def person(self, login="ada", roles=("clerk",), **more):
        return self.write(lambda tx: add_user(tx, login=login, roles=roles, now=NOW, **more))

    def key(self, owner, days=400):
        draft = KeyRecord(id="", digest="", owner=owner, created=NOW, expires=NOW + days * DAY)
        _, record = make_key(draft)
        change(self.server.folder / "keys.json", lambda records: (*records, record))
        return record

    def service(self, user, id_="svc"):
        client = Client(
            id=id_, kind="service", auth="client_secret_basic", owner=user.id, created=NOW
        )
        self.write(lambda tx: add_client(tx, client))
        return client

    def equip(self, user):
        """Give an account one of everything; answers (session, grant, key, service)."""

        def work(tx):
            session = add_session(
                tx, digest="d" + user.id, user=user.id, acr="", amr=(), now=NOW, expires=NOW + DAY
            )
            grant = Grant(id="g" + user.id, client="app", user=user.id, expires=NOW + DAY)
            add_grant(tx, grant)
            add_passkey(
                tx,
                Passkey(
                    id="p" + user.id,
                    user=user.id,
                    public_key=b"k",
                    aaguid="",
                    label="",
                    created=NOW,
                ),
            )
            return session, grant

        session, grant = self.write(work)
        return session, grant, self.key(user.login), self.service(user)
