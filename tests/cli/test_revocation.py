"""A running gate with two workers: a revocation is in force in all of them, and stays."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from kit import hostile
from kit.issuing import with_issuer
from kit.waiting import until

from yett.state.accounts import AccountStore
from yett.state.accounts.activity import last_uses
from yett.state.accounts.revocations import lift, revoke

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
CONNECTIONS = 12


def document():
    guarded = {"security": [{"token": []}], "responses": {"200": {"description": "fine"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "paths": {
            "/items": {
                "get": {"operationId": "see", **guarded},
                "post": {"operationId": "make", **guarded},
            }
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


OUTSIDE = f"""
[identity]
stale = 1

[[identity.issuer]]
url = "{hostile.ISSUER}"
audience = "{hostile.AUDIENCE}"
algorithms = ["ES256"]
jwks = "jwks.json"
"""


@pytest.fixture
def revoking(folder):
    """A contract folder that trusts an outside issuer, and its store."""

    def make(builtin=True):
        listen = []
        if builtin:
            port, _ = with_issuer(folder, more=OUTSIDE)
            listen = ["--listen", f"127.0.0.1:{port}"]
        else:
            folder.configure(more=OUTSIDE)
        settings = (folder.path / "yett.toml").read_text()
        loose = '[limits]\nfailures = "100000000/min per ip"\n'  # all of this is one address
        folder.write("yett.toml", settings.replace("[limits]\n", loose))
        folder.write("openapi.json", json.dumps(document()))
        folder.write("jwks.json", json.dumps(hostile.JWKS))
        return listen

    return make


@pytest.fixture
def store(folder):
    made = AccountStore("sqlite:///var/yett.db", folder.path)
    yield made
    made.close()


def token(**claims):
    """A token of the outside issuer that is good now."""
    now = int(time.time())
    fields = {
        "iss": hostile.ISSUER,
        "aud": hostile.AUDIENCE,
        "sub": "ana",
        "iat": now - 60,
        "exp": now + 3600,
        "jti": "t-1",
        "client_id": "app",
        **claims,
    }
    return hostile.compact(hostile.header(), fields)


def twin(text):
    """The other signature of ECDSA that is as good: s becomes n - s."""
    head, payload, signature = text.split(b".")
    padded = signature + b"=" * (-len(signature) % 4)
    raw = base64.urlsafe_b64decode(padded)
    r, s = raw[:32], int.from_bytes(raw[32:])
    other = r + (ORDER - s).to_bytes(32)
    return b".".join((head, payload, hostile.b64(other)))


class Clients:
    """Open connections, so many that every worker has some."""

    def __init__(self, served):
        self.open = [
            http.client.HTTPConnection(served.host, served.port, timeout=20)
            for _ in range(CONNECTIONS)
        ]

    def ask(self, text, method="GET"):
        """Ask on every connection; answers the set of statuses and codes."""
        found = set()
        for one in self.open:
            headers = {"authorization": "Bearer " + text.decode()}
            try:
                one.request(method, "/items", headers=headers)
                answer = one.getresponse()
            except (OSError, http.client.HTTPException):
                one.close()  # its worker is gone
                one.request(method, "/items", headers=headers)
                answer = one.getresponse()
            body = answer.read()
            code = json.loads(body).get("code", "") if answer.status >= 400 else ""
            found.add((answer.status, code))
        return found

    def close(self):
        for one in self.open:
            one.close()


REVOKED = {(401, "credential-revoked")}
FINE = {(200, "")}


def put(store, kind="sub", value="ana", **more):
    return store.write(
        lambda tx: revoke(tx, kind, value, now=time.time(), reason="", by="test", **more)
    )


def role(served, name):
    for pid in served.children():
        with contextlib.suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/comm").read_text().startswith(f"yett {name}"):
                yield pid


def test_every_worker_refuses_and_goes_on_refusing(revoking, serve, store):
    """Known everywhere; through kill -9 of the control process and of a worker; over a restart."""
    listen = revoking()
    served = serve(*listen)
    text, clients = token(), Clients(served)
    assert clients.ask(text) == FINE
    number = put(store)
    until(lambda: clients.ask(text) == REVOKED)
    for name in ("control", "worker"):
        victim = until(lambda n=name: next(role(served, n), 0))
        os.kill(victim, signal.SIGKILL)
        assert clients.ask(text) == REVOKED
    assert served.stop() == 0
    clients.close()

    again = serve(*listen)
    later = Clients(again)
    assert later.ask(text) == REVOKED
    store.write(lambda tx: lift(tx, number, now=time.time(), reason="", by="test"))
    until(lambda: later.ask(text) == FINE)
    later.close()
    assert again.stop() == 0


def test_twenty_spellings_are_one_token(revoking, serve, store):
    """Signed anew, or with the other s: as many texts as one likes, and one `jti`."""
    served = serve(*revoking())
    same = {"iat": int(time.time()) - 60, "exp": int(time.time()) + 3600}
    signed = [token(**same) for _ in range(10)]
    texts = [*signed, *(twin(one) for one in signed)]
    assert len(set(texts)) == 20
    clients = Clients(served)
    clients.open = clients.open[:4]
    assert all(clients.ask(text) == FINE for text in texts)
    put(store, "jti", "t-1", issuer=hostile.ISSUER)
    until(lambda: clients.ask(texts[0]) == REVOKED)
    assert all(clients.ask(text) == REVOKED for text in texts)
    assert clients.ask(token(jti="t-2")) == FINE
    clients.close()


def test_a_cut_off_spares_a_new_sign_in(revoking, serve, store):
    """What was issued before is refused, what comes after is good."""
    served = serve(*revoking())
    clients, now = Clients(served), time.time()
    put(store, before=now - 30)
    until(lambda: clients.ask(token()) == REVOKED)
    assert clients.ask(token(iat=int(now))) == FINE
    clients.close()


def rename(folder, old, new):
    """Take what is asked for away; moving the file would tear it from its log."""
    with contextlib.closing(sqlite3.connect(folder.path / "var" / "yett.db")) as database:
        database.execute(f"ALTER TABLE {old} RENAME TO {new}")


def test_a_store_that_cannot_be_read_stops_changes_and_no_reading(revoking, serve, store, folder):
    """Known revocations stay, reading goes on, changes wait with 503; all heals with the store."""
    served = serve(*revoking())
    clients = Clients(served)
    put(store)
    until(lambda: clients.ask(token()) == REVOKED)
    ben = token(sub="ben", jti="t-2")
    assert clients.ask(ben, "POST") == FINE
    rename(folder, "revocations", "aside")
    waiting = {(503, "revocations-unavailable")}
    until(lambda: clients.ask(ben, "POST") == waiting)
    assert clients.ask(ben) == FINE
    assert clients.ask(token()) == REVOKED
    assert clients.ask(token(), "POST") == REVOKED
    rename(folder, "aside", "revocations")
    until(lambda: clients.ask(ben, "POST") == FINE)
    assert clients.ask(token()) == REVOKED
    clients.close()


def test_without_an_issuer_of_ours_the_first_revocation_makes_the_store(
    revoking, serve, store, folder
):
    """A gate that had no store takes it up; until then it has made no file."""
    served = serve(*revoking(builtin=False))
    clients = Clients(served)
    assert clients.ask(token(), "POST") == FINE
    assert not (folder.path / "var" / "yett.db").exists()
    store.prepare()
    put(store)
    until(lambda: clients.ask(token()) == REVOKED)
    with store.read() as tx:
        assert last_uses(tx, []) == {}
    clients.close()
