"""A running gateway with a contract made for one attack, before a service that a test scripts.

The service is a function `(method, target, headers, body) -> (status, field lines, body)`; it checks
nothing, so whatever it is asked for has got past the gate.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

from jwt.algorithms import ECAlgorithm
from kit.gateway import ListSink, Running, complete, split
from kit.scenario import KEY, token
from kit.shop import OWN, write_shop

from yett.gate.approvals import open_desk
from yett.gate.edge import Gate
from yett.gate.reload import prepare
from yett.state.memory import MemoryView

QUIET = """
[limits]
default = ["100000000/min per ip"]
failures = "1000000/min per ip"
"""


class Scripted:
    """Serves one function over HTTP/1.1; `log` is what reached it, as (method, target, body)."""

    def __init__(self, serve):
        self.serve = serve
        self.log = []
        self.heads = []
        self.pause = 0.0  # seconds before each answer
        self._writers = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._run, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _run(self, reader, writer):
        self._writers.add(writer)
        pending = b""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                pending += data
                while (end := complete(pending)) is not None:
                    one, pending = pending[:end], pending[end:]
                    answer = self._answer(one)
                    if self.pause:
                        await asyncio.sleep(self.pause)
                    writer.write(answer)
        writer.transport.abort()

    def _answer(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        headers = dict(field.lower().split(": ", 1) for field in fields)
        self.log.append((method, target, body))
        self.heads.append(headers)
        status, lines, answer = self.serve(method, target, headers, body)
        lines = [*lines, ("content-length", str(len(answer)))]
        block = "".join(f"{name}: {value}\r\n" for name, value in lines)
        return f"HTTP/1.1 {status} X\r\n{block}\r\n".encode() + answer

    @property
    def writes(self):
        """What was more than a read."""
        return [one for one in self.log if one[0] not in {"GET", "HEAD"}]


def say(value, status=200, kind="application/json", **fields):
    """An answer of the service."""
    lines = [("content-type", kind)] if kind else []
    lines += [(name.replace("_", "-"), text) for name, text in fields.items()]
    return status, lines, value if isinstance(value, bytes) else json.dumps(value).encode()


def write_keys(folder):
    """The keys of the tokens that `kit.scenario.token` signs."""
    public = json.loads(ECAlgorithm(ECAlgorithm.SHA256).to_jwk(KEY.public_key()))
    folder.mkdir(parents=True, exist_ok=True)
    keys = {"keys": [{**public, "kid": "k", "use": "sig", "alg": "ES256"}]}
    (folder / "jwks.json").write_text(json.dumps(keys))


@contextlib.asynccontextmanager
async def attacked(folder, serve, contents=None, policies=OWN, more=""):
    """Run a gateway; `ask` of what comes sends one request as somebody."""
    write_keys(folder)
    async with Scripted(serve) as upstream:
        program = prepare(write_shop(folder, contents, policies, QUIET + more, upstream.port))
        view = MemoryView.from_config(program.policy.config, folder)
        sink = ListSink()
        gate = Gate(
            program, view, sink, view.fetch_keys, approvals=open_desk(program, folder),
            bearer=view.bearer, introspect=view.introspect,
        )  # fmt: skip
        server = await asyncio.get_running_loop().create_server(gate.protocol, "127.0.0.1", 0)
        try:
            yield Attacked(gate, server, upstream, sink, view)
        finally:
            server.close()
            gate.abort()
            await asyncio.wait_for(gate.drained, 5)


class Attacked(Running):
    """A running gateway that can be asked in somebody's name."""

    async def ask(self, who, line, body=b"", kind="application/json", **fields):
        """Send one request; answers (status, headers, body)."""
        lines = [f"{line} HTTP/1.1", "host: a"]
        if who:
            lines.append(f"authorization: Bearer {token(who)}")
        lines += [f"{name.replace('_', '-')}: {text}" for name, text in fields.items()]
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body:
            lines += [f"content-type: {kind}", f"content-length: {len(body)}"]
        status, found, answer = split(
            await self.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        )
        return status, {k.decode(): v.decode("latin-1") for k, v in found.items()}, answer
