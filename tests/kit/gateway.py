"""A running gateway on a free port, and upstreams that record exactly what reaches them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from kit.engine import ENFORCED, DictView, operation
from msgspec.structs import replace

from yett.contract.config import ApiConfig, AuthzConfig, Config, CorsConfig, GatewayConfig
from yett.engine.program import build
from yett.gate.edge import Gate
from yett.policy.model import BodyRead, Policy, Upstream
from yett.policy.routes import Router
from yett.terms import Mode

OPEN = ENFORCED | {"response_headers": Mode.OFF}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def public(method="GET", template="/x", **changes):
    """An operation that anybody may call."""
    return operation(method, template, **({"public": True, "security": ((),)} | changes))


def takes_anything(body, content_type):
    """A body reader that lets every body through as it came."""
    return BodyRead(body, body)


USUAL = (
    public("GET", "/x"),
    public("HEAD", "/x"),
    public("DELETE", "/x"),
    public("GET", "/"),
    public("GET", "/a/{id}"),
    public("GET", "/a/{id}/"),
    public("POST", "/x", body=takes_anything),
    public("POST", "/stream", stream_request=True, max_body=1 << 30),
    public("PUT", "/stream", stream_request=True, stream_response=True, max_body=1 << 30),
    public("GET", "/stream", stream_response=True),
    public("GET", "/ws", websocket=True),
)


def program(*operations, port=1, cors=None, authz=None, rework=None, **gateway):
    """Bind operations to an upstream on localhost; `rework` changes each plan."""
    router = Router()
    for one in operations or USUAL:
        router.add(one.method, one.template, one)
    router.seal()
    config = Config(
        api={"api": ApiConfig(upstream=f"http://127.0.0.1:{port}", openapi="o.yaml")},
        cors=cors or CorsConfig(),
        gateway=GatewayConfig(**gateway),
        authz=authz or AuthzConfig(),
    )
    made = build(
        Policy(
            router=router,
            operations=operations or USUAL,
            upstreams={"api": Upstream("api", "http", "127.0.0.1", port)},
            config=config,
            authz=None,
            credential_fields={},
            digest="d" * 64,
        )
    )
    if rework is None:
        return made
    return replace(made, plans={id_: rework(plan) for id_, plan in made.plans.items()})


class ListSink:
    """A sink that keeps events in a list."""

    def __init__(self):
        self.events = []
        self.full = False

    def append(self, event):
        self.events.append(event)

    async def durable(self, event):
        self.events.append(event)
        return True


class Recorder:
    """An upstream that records each connection's bytes and answers every head with `answer`.

    `answer` is bytes, or an async callable (reader, writer, first bytes) that takes over.
    """

    def __init__(self, answer=OK):
        self.answer = answer
        self.seen = []  # one bytearray per connection
        self.port = 0
        self._writers = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 22)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        with contextlib.suppress(Exception):
            await self.server.wait_closed()

    @property
    def bytes(self):
        return b"".join(bytes(seen) for seen in self.seen)

    @property
    def requests(self):
        """Request lines that reached this upstream, by a count of heads (bodies are our own)."""
        return [head for head in self.bytes.split(b"\r\n\r\n") if b" HTTP/1." in head]

    async def _serve(self, reader, writer):
        seen = bytearray()
        self.seen.append(seen)
        self._writers.add(writer)
        try:
            await self._answer_all(seen, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _answer_all(self, seen, reader, writer):
        pending = b""
        while data := await reader.read(1 << 16):
            seen += data
            pending += data
            if callable(self.answer):
                await self.answer(reader, writer, pending)
                return
            while (end := complete(pending)) is not None:
                pending = pending[end:]
                writer.write(self.answer)
            await writer.drain()


def complete(data):
    """Where the first request in `data` ends, by the framing yett writes; None while it does not."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    end += 4
    head = data[:end].lower()
    if b"\r\ntransfer-encoding: chunked" in head:
        last = data.find(b"0\r\n\r\n", end)
        return None if last < 0 else last + 5
    if b"\r\ncontent-length: " in head:
        end += int(head.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0])
    return end if len(data) >= end else None


class Running:
    """A gateway that listens, with its upstream and its sink."""

    def __init__(self, gate, server, upstream, sink, view):
        self.gate = gate
        self.server = server
        self.upstream = upstream
        self.sink = sink
        self.view = view
        self.port = server.sockets[0].getsockname()[1]

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)

    async def send(self, *pieces, eof=True, pause=False, wait=5.0):
        """Send pieces, half-close, and return everything that came back until the end."""
        reader, writer = await self.connect()
        got = bytearray()

        async def collect():
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(1 << 16):
                    got.extend(data)

        collecting = asyncio.ensure_future(collect())
        try:
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    if pause:
                        await writer.drain()
                        await asyncio.sleep(0)
                if eof:
                    await writer.drain()
                    writer.write_eof()
            await asyncio.wait_for(collecting, wait)
        finally:
            collecting.cancel()
            writer.transport.abort()
        return bytes(got)


@contextlib.asynccontextmanager
async def running(
    *operations,
    answer=OK,
    view=None,
    fetch_keys=None,
    introspect=None,
    upstream=None,
    locks=None,
    bearer=None,
    **gateway,
):
    """Run a gateway before a recording upstream."""
    async with upstream or Recorder(answer) as recorder:
        sink, view = ListSink(), view or DictView()

        async def no_keys(issuer, kid):
            return False

        gate = Gate(
            program(*operations, port=recorder.port, **gateway),
            view,
            sink,
            fetch_keys or no_keys,
            introspect=introspect,
            locks=locks,
            bearer=bearer,
        )
        server = await asyncio.get_running_loop().create_server(
            gate.protocol, "127.0.0.1", 0, backlog=1024
        )
        try:
            yield Running(gate, server, recorder, sink, view)
        finally:
            server.close()
            gate.abort()
            await asyncio.wait_for(gate.drained, 5)


def split(answer):
    """Split a raw response into status, header dictionary and body bytes as they came."""
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    headers = {}
    for field in fields:
        name, _, value = field.partition(b": ")
        headers[name.lower()] = value
    return int(line.split(b" ")[1]), headers, body


def reset(writer):
    """Close with RST, as a killed client does; a plain close is only the end of sending."""
    linger = struct.pack("ii", 1, 0)
    sock = writer.get_extra_info("socket")  # None when the gate was faster
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
