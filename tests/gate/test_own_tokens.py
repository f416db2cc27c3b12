"""Tokens of the builtin issuer at the gate: each kind in its place, keys that come and go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

from kit import hostile
from kit.gateway import ListSink, split

from yett.contract.builtin import BUILTIN_KEYS_FILE
from yett.gate.edge import Gate
from yett.gate.reload import prepare
from yett.state.memory import MemoryView

URL, AUDIENCE = "https://api.example.com/auth", "https://api.example.com"
COOKIE = "__Host-yett-session"
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "shop", "version": "1"},
    "components": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        }
    },
    "paths": {
        f"/{name}": {"get": {"security": [{name: []}], "responses": {"200": {"description": ""}}}}
        for name in ("token", "session")
    },
}


def issued(typ, key=hostile.EC, kid="ec", **changed):
    """A token as the builtin issuer signs it."""
    now = int(time.time())
    claims = {
        "iss": URL,
        "aud": AUDIENCE,
        "sub": "u_1",
        "client_id": "browser",
        "sid": "s1",
        "iat": now,
        "exp": now + 300,
        "jti": "t1",
        **changed,
    }
    head = {"alg": "ES256", "typ": typ, "kid": kid}
    return hostile.compact(head, claims, lambda message: hostile.es(key, message))


def publish(folder, *jwks):
    path = folder / BUILTIN_KEYS_FILE
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps({"keys": jwks}))
    draft.replace(path)


EC, OTHER = hostile.ec_jwk(hostile.EC, "ec"), hostile.ec_jwk(hostile.OTHER_EC, "ec2")


class Asked:
    """A running gate, and its service, which is not."""

    def __init__(self, port, view):
        self.port, self.view = port, view

    async def send(self, path, *fields):
        """Send a request; 502 says that it was let through to the service that is not there."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"GET /{path} HTTP/1.1".encode(), b"host: a", b"connection: close", *fields]
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
        status, headers, _ = split(await asyncio.wait_for(reader.read(), 10))
        writer.close()
        assert status != 401 or b"www-authenticate" in headers
        return status

    async def bearer(self, token):
        return await self.send("token", b"authorization: Bearer " + token)

    async def cookie(self, token):
        return await self.send("session", f"cookie: {COOKIE}=".encode() + token)


@contextlib.asynccontextmanager
async def gate_of(folder):
    (folder / "openapi.json").write_text(json.dumps(CONTRACT))
    (folder / "yett.toml").write_text(
        f"""[api.shop]
openapi = "openapi.json"
upstream = "http://127.0.0.1:1"
[limits]
failures = "100000/min per ip"
[identity.builtin]
url = "{URL}"
audience = "{AUDIENCE}"
"""
    )
    program = prepare(folder)
    view = MemoryView.from_config(program.policy.config, folder)
    gate = Gate(program, view, ListSink(), view.fetch_keys, introspect=view.introspect)
    server = await asyncio.get_running_loop().create_server(gate.protocol, "127.0.0.1", 0)
    try:
        yield Asked(server.sockets[0].getsockname()[1], view)
    finally:
        server.close()
        gate.abort()


PASSED = 502
KINDS = ("at+jwt", "session+jwt", "JWT", "logout+jwt", "secevent+jwt", "dpop+jwt", "")


async def test_each_kind_of_token_is_good_in_its_place_only(tmp_path):
    """An access token in `Authorization`, a session in the cookie, nothing else anywhere."""
    publish(tmp_path, EC)
    async with gate_of(tmp_path) as gate:
        for _ in range(2):
            for typ in KINDS:
                token = issued(typ)
                wanted = PASSED if typ == "at+jwt" else 401
                assert await gate.bearer(token) == wanted, typ
                wanted = PASSED if typ == "session+jwt" else 401
                assert await gate.cookie(token) == wanted, typ
        session = issued("session+jwt", jti="t2")
        for _ in range(2):  # cold, and remembered as what it is
            assert await gate.cookie(session) == PASSED
            assert await gate.bearer(session) == 401
            assert await gate.send("token", b"authorization: DPoP " + session) == 401


async def test_keys_come_late_and_go(tmp_path):
    """503 before the issuer has run, then good, then new keys beside old ones, then without."""
    async with gate_of(tmp_path) as gate:
        first, second = issued("at+jwt"), issued("at+jwt", hostile.OTHER_EC, "ec2", jti="t2")
        assert await gate.bearer(first) == 503
        assert await gate.bearer(b"a.b.c") == 401
        publish(tmp_path, EC)
        gate.view.tick()
        assert (await gate.bearer(first), await gate.bearer(second)) == (PASSED, 401)
        publish(tmp_path, EC, OTHER)
        gate.view.tick()
        assert (await gate.bearer(first), await gate.bearer(second)) == (PASSED, PASSED)
        publish(tmp_path, OTHER)
        gate.view.tick()
        assert (await gate.bearer(first), await gate.bearer(second)) == (401, PASSED)
        (tmp_path / BUILTIN_KEYS_FILE).unlink()
        gate.view.tick()
        assert await gate.bearer(second) == PASSED


async def test_a_bound_session_needs_its_proof(tmp_path):
    """A cookie cannot carry a proof, so a bound token in it is a stolen one."""
    publish(tmp_path, EC)
    async with gate_of(tmp_path) as gate:
        for confirmation in ({"jkt": hostile.THUMBPRINT}, {"x5t#S256": hostile.THUMBPRINT}):
            assert await gate.cookie(issued("session+jwt", cnf=confirmation)) == 401
            assert await gate.bearer(issued("at+jwt", cnf=confirmation)) == 401
