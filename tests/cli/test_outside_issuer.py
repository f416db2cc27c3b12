"""The gate before an issuer that is not ours: npm `oidc-provider`, found by discovery.

`yett serve` runs as it is; for several rotations in a row the gate runs here, with shorter pauses.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
import time
from collections import Counter

import httpx
import pytest
from kit.node import Program

from yett.gate.edge import Gate
from yett.gate.reload import prepare
from yett.state import keys as keys_module
from yett.state.memory import MemoryView

SECRET = "a-loopback-test-value-of-a-client-secret"
AUDIENCE = "https://api.test"
SCOPES = {"clientCredentials": {"tokenUrl": "/t", "scopes": {"orders:read": "r", "admin": "a"}}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "components": {"securitySchemes": {"token": {"type": "oauth2", "flows": SCOPES}}},
    "paths": {
        f"/{path}": {
            "get": {"security": [{"token": scopes}], "responses": {"200": {"description": "fine"}}}
        }
        for path, scopes in {"orders": ["orders:read"], "admin": ["admin"]}.items()
    },
}


class Provider(Program):
    """oidc-provider, with a client that gets tokens for itself."""

    def __init__(self, folder):
        super().__init__(folder, "provider.mjs", environment={"YETT_CLIENT_SECRET": SECRET})
        self.url = self.read()["url"]
        self.http = httpx.Client(auth=("svc", SECRET), timeout=20)

    def token(self, kind="jwt"):
        form = {
            "grant_type": "client_credentials",
            "scope": "orders:read",
            "resource": f"{AUDIENCE}/{kind}",
        }
        return self.http.post(self.url + "/token", data=form).json()["access_token"]

    def stop(self):
        self.http.close()
        super().stop()


@pytest.fixture
def provider(tmp_path):
    """A running issuer."""
    running = Provider(tmp_path / "provider")
    yield running
    running.stop()


@pytest.fixture
def trusting(folder, provider):
    """A contract that trusts it, and asks it about opaque tokens."""
    folder.write("openapi.json", json.dumps(CONTRACT))
    folder.write("gate.secret", SECRET)
    folder.configure(
        more=f"""failures = "1000000/min per ip"
[[identity.issuer]]
url = "{provider.url}"
audience = "{AUDIENCE}"
algorithms = ["ES256"]
[identity.issuer.introspection]
client_id = "gate"
secret = "gate.secret"
ttl = 1
[vocabulary.scopes]
"orders:read" = "read orders"
admin = "everything"
"""
    )
    return folder


def ask(gate, token, path="/orders"):
    headers = {"Authorization": f"Bearer {token}"}
    status, body = gate.get(path, headers=headers)
    return status, json.loads(body).get("type", "").rpartition("/")[2]


def test_its_tokens_pass_and_nothing_else_of_it_does(trusting, provider, serve):
    """JWT and opaque, of clients and of people; a refresh token is active, and no access token."""
    gate = serve()
    for token in (
        provider.token("jwt"),
        provider.token("opaque"),
        provider.say("token", "ana", "jwt"),
        provider.say("token", "ana", "opaque"),
    ):
        assert ask(gate, token) == (200, "")
        assert ask(gate, token, "/admin") == (403, "scope-missing")
    for token in (provider.say("refresh", "ana"), "made-up", provider.token("jwt")[:-2] + "AA"):
        assert ask(gate, token) == (401, "credential-invalid")


def test_what_it_takes_back_is_refused_when_the_answer_is_old(trusting, provider, serve):
    """A revoked opaque token is good for `ttl` at most; an issuer that is down is 503, not 401."""
    gate = serve()
    token, other = provider.say("token", "ana", "opaque"), provider.say("token", "bo", "opaque")
    assert ask(gate, token) == (200, "")
    provider.say("revoke", token)
    until, refused = time.monotonic() + 20, 0
    while refused < 20:  # by both workers
        refused = refused + 1 if ask(gate, token) == (401, "credential-invalid") else 0
        assert time.monotonic() < until
    provider.stop()
    assert ask(gate, other) == (503, "keys-unavailable")


def test_a_rotation_under_load_refuses_nobody(trusting, provider, serve):
    """The issuer publishes a key, signs with it at once, and both workers follow."""
    gate = serve()
    live, seen, over = [provider.token()], Counter(), threading.Event()

    def load(at):
        while not over.is_set():
            token = live[at % len(live)]
            seen[ask(gate, token)] += 1

    threads = [threading.Thread(target=load, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    provider.say("keys", "b", "a")
    live += [provider.token() for _ in range(20)]
    time.sleep(0.5)
    over.set()
    for thread in threads:
        thread.join(20)
    assert set(seen) == {(200, "")}
    assert sum(seen.values()) > 100


class Load:
    """Asks a gate with tokens that must pass, and tells what else it got."""

    def __init__(self, port):
        self.port = port
        self.tokens = []
        self.seen = Counter()
        self.over = False

    async def ask(self, token):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"GET /orders HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n"
        writer.write(f"{head}connection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return int(answer.split(b" ")[1])

    async def run(self, at):
        while not self.over:
            tokens = self.tokens
            self.seen[await self.ask(tokens[at % len(tokens)])] += 1
            at += 7


class NoSink:
    full = False

    def append(self, event):
        pass

    async def durable(self, event):
        return True


@contextlib.asynccontextmanager
async def gate_of(folder):
    """Run the gate here; answers its port."""
    program = prepare(folder)
    view = MemoryView.from_config(program.policy.config, folder)
    await view.start()
    gate = Gate(program, view, NoSink(), view.fetch_keys, introspect=view.introspect)
    server = await asyncio.get_running_loop().create_server(gate.protocol, "127.0.0.1", 0)

    async def tick():
        while True:
            await asyncio.sleep(0.1)
            view.tick()

    ticking = asyncio.ensure_future(tick())
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ticking.cancel()
        server.close()
        gate.abort()


async def test_rotations_under_load_accept_no_retired_key(trusting, provider, monkeypatch):
    """Four rotations: what a live key signed always passes, what a removed one signed stops."""
    monkeypatch.setattr(keys_module, "COOL_DOWN_SECONDS", 0.2)
    monkeypatch.setattr(keys_module, "REFRESH_SECONDS", 0.5)
    async with gate_of(trusting.path) as port:
        load, names = Load(port), "abcde"
        load.tokens = [await asyncio.to_thread(provider.token)]
        running = [asyncio.ensure_future(load.run(at)) for at in range(6)]
        gone = []
        for old, new in itertools.pairwise(names):
            of_old = load.tokens
            await asyncio.to_thread(provider.say, "keys", new, old)
            of_new = [await asyncio.to_thread(provider.token) for _ in range(5)]
            load.tokens = of_old + of_new
            await asyncio.sleep(0.3)
            load.tokens = of_new
            await asyncio.sleep(0.2)  # what was asked with an old one is answered
            await asyncio.to_thread(provider.say, "keys", new)
            async with asyncio.timeout(20):
                while await load.ask(of_old[0]) == 200:
                    await asyncio.sleep(0.05)
            gone += of_old
            assert {await load.ask(token) for token in gone} == {401}
            # The removed key has just been asked for in vain: that much later the next is followed.
            await asyncio.sleep(keys_module.COOL_DOWN_SECONDS)
        load.over = True
        await asyncio.gather(*running)
    assert set(load.seen) == {200}
    assert load.seen[200] > 200
