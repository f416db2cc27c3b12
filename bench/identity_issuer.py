"""Tokens a second of the builtin issuer on SQLite: one control process, asked directly.

`client_credentials` with a secret and with `private_key_jwt` (each assertion signed before, with a
`jti` of its own), and `refresh_token` as chains: each answer holds the token of the next request.
Every grant of a token is a transaction that is on disk before the answer leaves.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import statistics
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt

from bench.identity_scene import Pair
from bench.process import cpu_seconds, family, free_port, running
from yett.cli.account_place import opened
from yett.issuer.grants.issue import new_grant
from yett.issuer.grants.refresh_tokens import first_token
from yett.issuer.server import Server, digest, fresh
from yett.state.accounts.clients import Client, ClientSecret, add_client
from yett.state.accounts.sessions import add_session
from yett.state.accounts.users import add_user

CONNECTIONS = 8
ASSERTIONS_A_SECOND = 1500
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET = "s" * 43
CONFIG = """
[api.shop]
openapi  = "openapi.json"
upstream = "http://127.0.0.1:9"

[gateway]
listen  = "127.0.0.1:{gate}"
workers = 1

[identity.builtin]
url      = "http://localhost:{gate}/auth"
audience = "http://localhost:{gate}"
listen   = "127.0.0.1:{control}"

[vocabulary.scopes]
"orders:read"  = "see"
"orders:write" = "change"

[vocabulary.roles]
clerk = ["orders:read", "orders:write"]
admin = ["orders:read"]
"""
OPENAPI = {"openapi": "3.1.0", "info": {"title": "shop", "version": "1"}, "paths": {
    "/health": {"get": {"operationId": "health", "x-yett": {"public": True},
                        "responses": {"200": {"description": "fine"}}}}}}  # fmt: skip


@dataclass
class Flow:
    """One way of getting a token, and what was measured of it."""

    name: str
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    control: list[float] = field(default_factory=list)
    """Microseconds of the control process's CPU for a token."""
    busy: list[float] = field(default_factory=list)
    """Part of one core that the control process used."""
    writes: float = 0.0
    """Bytes that reached the disk for a token, as the kernel counts them."""


def measure(folder: Path, rounds: int, seconds: float) -> tuple[list[Flow], float]:
    """Measure the three in turn; answers them, and milliseconds of an fsync in that folder."""
    gate, control = free_port(), free_port()
    folder.mkdir()
    (folder / "openapi.json").write_text(json.dumps(OPENAPI))
    (folder / "yett.toml").write_text(CONFIG.format(gate=gate, control=control))
    pair = Pair.make("ES256")
    flows = [Flow("secret"), Flow("private_key_jwt"), Flow("refresh")]
    with opened(folder) as server:
        chains = server.store.write(lambda tx: _people(server, tx, pair))
    command = [str(Path(sys.executable).with_name("yett")), "serve", "-C", str(folder)]
    with running(command, folder / "log", gate) as pid:
        worker = _control(pid)
        for number in range(rounds + 1):
            for flow in flows:
                run = Run(flow.name, f"http://localhost:{gate}/auth", pair, chains)
                asyncio.run(run.load(control, seconds if number else 0.3, worker))
                if number:
                    run.note(flow)
    return flows, _fsync(folder)


def _people(server: Server, tx: Any, pair: Pair) -> list[str]:
    """Make two services, an application, a person who is signed in, and grants with tokens."""
    now = time.time()
    user = add_user(tx, login="ana", roles=("clerk",), now=now)
    held = (ClientSecret(digest=digest(SECRET), created=now),)
    scopes = ("orders:read", "orders:write")
    more: dict[str, Any] = {"scopes": scopes, "created": now}
    service = {"kind": "service", "owner": user.id, "grants": ("client_credentials",), **more}
    add_client(tx, Client(id="s_secret", auth="client_secret_basic", secrets=held, **service))
    jwks = {"keys": [pair.jwk]}
    add_client(tx, Client(id="s_keys", auth="private_key_jwt", jwks=jwks, **service))
    app = Client(id="app", kind="confidential", auth="client_secret_basic", secrets=held,
                 grants=("authorization_code", "refresh_token"),
                 redirects=("https://app.example.com/callback",), **more)  # fmt: skip
    add_client(tx, app)
    session = add_session(
        tx, digest=digest(fresh()), user=user.id, acr="urn:yett:multi-factor", amr=("pwd", "otp"),
        now=now, expires=now + 86400,
    )  # fmt: skip
    made = []
    for _ in range(CONNECTIONS):
        grant = new_grant(server, tx, client=app, session=session, scopes=scopes, now=now)
        made.append(first_token(server, tx, grant, now))
    return made


class Run:
    """One flow for a while: connections that are kept, each asking again once it is answered."""

    def __init__(self, name: str, issuer: str, pair: Pair, chains: list[str]) -> None:
        self.name, self.issuer, self.pair, self.chains = name, issuer, pair, chains
        self.latencies: list[float] = []
        self.assertions: list[str] = []
        self.lasted = self.cpu = 0.0
        self.written = 0

    async def load(self, port: int, seconds: float, process: int) -> None:
        if self.name == "private_key_jwt":
            count = int(ASSERTIONS_A_SECOND * seconds) + CONNECTIONS
            self.assertions = [self._assertion() for _ in range(count)]
        before, written = cpu_seconds(process), _written(process)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(CONNECTIONS):
                group.create_task(self._caller(port, number, began + seconds))
        self.lasted = time.perf_counter() - began
        self.cpu = cpu_seconds(process) - before
        self.written = _written(process) - written

    def note(self, flow: Flow) -> None:
        ordered, count = sorted(self.latencies), len(self.latencies)
        flow.rates.append(count / self.lasted)
        flow.p50.append(ordered[count // 2] * 1000)
        flow.p99.append(ordered[int(count * 0.99)] * 1000)
        flow.control.append(self.cpu / count * 1e6)
        flow.busy.append(self.cpu / self.lasted)
        flow.writes = self.written / count

    async def _caller(self, port: int, number: int, end: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < end:
            if self.name == "private_key_jwt" and not self.assertions:
                break
            writer.write(self._request(number))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if b" 200 " not in head[:16]:
                raise SystemExit(f"issuer, {self.name}: {head[:60]!r} {body[:300]!r}")
            self.latencies.append(time.perf_counter() - began)
            if self.name == "refresh":
                self.chains[number] = json.loads(body)["refresh_token"]
        writer.close()

    def _request(self, number: int) -> bytes:
        headers, form = "", {"grant_type": "client_credentials", "scope": "orders:read"}
        if self.name == "private_key_jwt":
            form |= {"client_assertion_type": ASSERTION_TYPE,
                     "client_assertion": self.assertions.pop()}  # fmt: skip
        else:
            client = "app" if self.name == "refresh" else "s_secret"
            pair = base64.b64encode(f"{client}:{SECRET}".encode()).decode()
            headers = f"authorization: Basic {pair}\r\n"
        if self.name == "refresh":
            form = {"grant_type": "refresh_token", "refresh_token": self.chains[number]}
        body = urlencode(form)
        return (
            "POST /auth/token HTTP/1.1\r\nhost: localhost\r\n"
            "content-type: application/x-www-form-urlencoded\r\n"
            f"{headers}content-length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {"iss": "s_keys", "sub": "s_keys", "aud": self.issuer, "jti": uuid.uuid4().hex,
                  "iat": now, "exp": now + 120}  # fmt: skip
        return jwt.encode(claims, self.pair.private, "ES256", headers={"kid": self.pair.jwk["kid"]})


def median(values: list[float]) -> float:
    return statistics.median(values)


def _control(pid: int) -> int:
    """Find the control process of a gate; the supervisor opens its port before it is there."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for one in family(pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{one}/comm").read_text().startswith("yett control"):
                    return one
        time.sleep(0.05)
    raise SystemExit("there is no control process")


def _written(pid: int) -> int:
    """Bytes that a process has had written to the disk; 0 where nobody may know."""
    try:
        text = Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return 0
    return int(text.split("write_bytes: ")[1].split()[0])


def _fsync(folder: Path) -> float:
    """Milliseconds of an fsync of 4 KB there, the median of 50."""
    times = []
    with (folder / "probe").open("wb") as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return median(times) * 1000
