"""Two hosts, each with its folder and its `yett serve`, on one PostgreSQL: one issuer to everybody.

They share the store and the two key files that an operator copies, and nothing else: not the ledger,
not the published keys, not what the workers remember.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import httpx
import kit.oauth
import pytest
from kit.accounts import postgresql_url
from kit.issuing import free_port, with_issuer
from kit.oauth import Party, basic, claims_of
from kit.waiting import until
from sqlalchemy import func, select, update

from yett.cli.account_place import opened
from yett.issuer import keys
from yett.state.accounts import AccountStore, tables
from yett.state.accounts.grants import find_grant
from yett.state.accounts.notices import note, untold
from yett.state.accounts.revocations import revoke
from yett.state.accounts.tables import notices, signing_keys
from yett.state.nonces import NONCE_KEY_FILE
from yett.state.seal_box import SEAL_KEY_FILE
from yett.state.secret_file import read_secret
from yett.terms import Event

__all__ = ["postgresql_url"]
AT_ONCE = 20
ROUNDS = 8  # asked on so many new connections, that both workers have answered


def document():
    guarded = {"security": [{"token": ["items:read"]}], "responses": {"200": {"description": "x"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "shop", "version": "1"},
        "paths": {"/items": {"get": {"operationId": "see", **guarded}}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


@pytest.fixture
def empty(postgresql_url, tmp_path):
    """The URL of a database without tables."""
    store = AccountStore(postgresql_url, tmp_path)
    with store.engine.begin() as tx:
        tables.metadata.drop_all(tx)
    store.close()
    return postgresql_url


@pytest.fixture
def hosts(empty, folders, serve_at, tmp_path):
    """Two folders with the same contract and keys, served; they were started at the same moment."""
    ports = free_port(), free_port()
    for folder in folders:
        with_issuer(folder, more=f'[store]\naccounts = "{empty}"\n', gate=ports[0])
        settings = (folder.path / "yett.toml").read_text()
        loose = '[limits]\nfailures = "100000000/min per ip"\n'  # all of this is one address
        folder.write("yett.toml", settings.replace("[limits]\n", loose))
        folder.write("openapi.json", json.dumps(document()))
    first, second = (folder.path for folder in folders)
    for name in (SEAL_KEY_FILE, NONCE_KEY_FILE):
        read_secret(first / name)
        (second / name).parent.mkdir(exist_ok=True)
        shutil.copy(first / name, second / name)
    with ThreadPoolExecutor(2) as pool:
        listening = [f"127.0.0.1:{port}" for port in ports]
        served = list(pool.map(lambda one, at: serve_at(one, "--listen", at), folders, listening))
    store = AccountStore(empty, tmp_path)
    yield SimpleNamespace(folders=folders, served=served, ports=ports, store=store)
    store.close()


def calls(port, token):
    """The different answers of a host's workers."""
    found = set()
    for _ in range(ROUNDS):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", "/items", headers={"authorization": f"Bearer {token}"})
            found.add(connection.getresponse().status)
    return found


def token_of(port, name):
    """A token of a service, asked of one host."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    with contextlib.closing(connection):
        connection.request(
            "POST", "/auth/token", "grant_type=client_credentials", {**kind, **basic(name)}
        )
        answer = connection.getresponse()
        body = json.loads(answer.read())
    assert answer.status == 200, body
    return body["access_token"]


@pytest.fixture
def party(hosts, monkeypatch):
    """A client and somebody who grants it things; what it asks for is asked of the hosts."""
    monkeypatch.setattr(kit.oauth, "NOW", time.time())
    with opened(hosts.folders[0].path) as server:
        made = Party(server, scopes=("items:read", "openid"))
        made.now = time.time()
        server.store.write(lambda tx: tx.execute(update(tables.users).values(roles=["clerk"])))
        yield made


def states(hosts):
    with hosts.store.read() as tx:
        return sorted(tx.scalars(select(signing_keys.c.state)))


def told(hosts):
    """The numbers of the notices in each of the two ledgers."""
    found = []
    for folder in hosts.folders:
        lines = [
            json.loads(line)
            for part in sorted((folder.path / "var/ledger").glob("*.jsonl"))
            for line in part.read_bytes().splitlines()
        ]
        ids = [line["e"].get("request", "") for line in lines if "e" in line]
        found.append([one for one in ids if one.startswith("notice-")])
    return found


def published(folder):
    return json.loads((folder.path / "var/issuer-jwks.json").read_text())


def all_told(hosts):
    with hosts.store.read() as tx:
        return not untold(tx)


def test_they_are_one_issuer(hosts, party):
    """One key made at the start of both; each takes the other's tokens; a revocation reaches both."""
    assert states(hosts) == ["active"]
    assert published(hosts.folders[0]) == published(hosts.folders[1])
    here, there = hosts.ports
    tokens = [token_of(port, party.name) for port in hosts.ports]
    for port in hosts.ports:
        for token in tokens:
            assert calls(port, token) == {200}
    jti = claims_of(tokens[0])["jti"]
    hosts.store.write(
        lambda tx: revoke(tx, "jti", jti, now=time.time(), reason="stolen", by="test")
    )
    until(lambda: calls(there, tokens[0]) == calls(here, tokens[0]) == {401})
    assert calls(there, tokens[1]) == {200}


def test_a_refresh_token_is_used_on_one_of_them(hosts, party):
    """Twenty at once over both: one branch; again afterwards, on the other, and the family is dead."""
    urls = [f"http://127.0.0.1:{port}/auth/token" for port in hosts.ports]
    first = party.exchange(party.code(scopes=("items:read",)))

    async def ask(client, url, text):
        form = {"grant_type": "refresh_token", "refresh_token": text}
        return await client.post(url, data=form, headers=basic(party.name))

    async def race():
        async with httpx.AsyncClient(timeout=30) as client:
            asked = [ask(client, urls[at % 2], first["refresh_token"]) for at in range(AT_ONCE)]
            answers = await asyncio.gather(*asked)
            again = await ask(client, urls[1], first["refresh_token"])
            return [answer.status_code for answer in answers], again.status_code

    statuses, again = asyncio.run(race())
    assert sorted(statuses) == [200] + [400] * (AT_ONCE - 1)
    assert again == 400
    with hosts.store.read() as tx:
        family = find_grant(tx, claims_of(first["access_token"])["grant"])
    assert (family.generation, family.ended > 0) == (1, True)
    until(lambda: all(calls(port, first["access_token"]) == {401} for port in hosts.ports))


def test_keys_follow_one_another_once(hosts, party):
    """Both find at the same moment that a key is due: one is retired, one signs, both publish both."""
    before = token_of(hosts.ports[0], party.name)
    keys.follow(party.server, now=time.time() - keys.PUBLISHED_SECONDS - 60, by="test")
    until(lambda: states(hosts) == ["active", "retired"])
    until(lambda: all(len(published(one)["keys"]) == 2 for one in hosts.folders))
    for port in hosts.ports:
        after = token_of(port, party.name)
        for other in hosts.ports:
            until(lambda at=other, token=after: calls(at, token) == {200})
            assert calls(other, before) == {200}
    with hosts.store.read() as tx:
        kinds = select(notices.c.kind, func.count()).group_by(notices.c.kind)
        found = dict(tx.execute(kinds.where(notices.c.kind.like("signing-key%"))).all())
    assert found == {
        "signing-key-published": 2,
        "signing-key-active": 2,
        "signing-key-retired": 1,
    }


def test_each_notice_is_in_one_ledger(hosts):
    """None twice and none lost, whoever tells; when one host is gone the other goes on."""

    def put_down(count):
        for at in range(count):
            event = Event(time=time.time(), request="", kind="account-added", note=str(at))
            hosts.store.write(lambda tx, event=event: note(tx, event))

    put_down(50)
    until(lambda: all_told(hosts))
    os.killpg(hosts.served[0].process.pid, signal.SIGKILL)
    put_down(5)
    until(lambda: all_told(hosts))
    with hosts.store.read() as tx:
        numbers = tx.scalars(select(notices.c.number).order_by(notices.c.number)).all()
    here, there = told(hosts)
    assert sorted(int(one.removeprefix("notice-")) for one in here + there) == numbers
    assert there
