"""Every way to put the gate before the store of the scenarios: one contract, three adapters.

Each is an async context manager `(folder, store, more) -> Adapter`. The service is the same `Store`
with a face of its own: bytes behind the gateway, Starlette in ASGI, Flask in WSGI.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading

import flask
import uvicorn
from kit.gateway import ListSink, Running, complete, split
from kit.scenario import write_contract
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from werkzeug.serving import make_server

from yett.asgi import Yett as Asgi
from yett.gate.approvals import open_desk
from yett.gate.edge import Gate
from yett.gate.reload import prepare
from yett.gate.within import core
from yett.state.memory import MemoryView
from yett.wsgi import Yett as Wsgi

KINDS = {".toml", ".yaml", ".cedar"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


_PROGRAMS = {}


def prepared(folder):
    """Compile a contract once for all tests: half a second each."""
    key = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in KINDS)
    key = re.sub(rb"127.0.0.1:\d+", b"", key)
    if key not in _PROGRAMS:
        _PROGRAMS[key] = prepare(folder)
    return _PROGRAMS[key]


@contextlib.contextmanager
def compiled_once():
    """Let the middleware take programs from `prepared`."""
    core.prepare = prepared
    try:
        yield
    finally:
        core.prepare = prepare


class Adapter:
    """A gate that listens.

    Attributes:
        port: where.
        sink: its events.
        locks: answers how many records are held.
        gate: the adapter's own object.
    """

    def __init__(self, port, sink, gate, locks):
        self.port, self.sink, self.gate, self._locks = port, sink, gate, locks

    @property
    def taken(self):
        return self._locks()

    async def ask(self, method, target, headers, body):
        """Send one request on a connection of its own."""
        status, found, answer = split(await exchange(self.port, method, target, headers, body))
        if found.get(b"transfer-encoding") == b"chunked":
            answer = unchunk(answer)
        return status, {k.decode(): v.decode("latin-1") for k, v in found.items()}, answer


async def exchange(port, method, target, headers, body=b""):
    """Send one request as it stands, and read until the server closes."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        lines.append(f"content-length: {len(body)}")
    head = "\r\n".join([*lines, "connection: close"]) + "\r\n\r\n"
    return await send_bytes(port, head.encode("latin-1") + body)


async def send_bytes(port, *pieces, wait=10.0):
    """Send bytes and read all that comes until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    try:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        got = bytearray()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(wait):
                while data := await reader.read(1 << 16):
                    got += data
        return bytes(got)
    finally:
        writer.transport.abort()


def unchunk(body):
    """Decode a chunked body."""
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        whole += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return whole


def starlette(store):
    """The store in ASGI."""

    async def serve(request):
        raw = request.scope["raw_path"].decode()
        target = f"{raw}?{request.url.query}" if request.url.query else raw
        body = await request.body()
        status, lines, answer = store.handle(request.method, target, dict(request.headers), body)
        return Response(answer, status, dict(lines))

    return Starlette(routes=[Route("/{rest:path}", serve, methods=METHODS)])


@contextlib.asynccontextmanager
async def listening(app, **settings):
    """Uvicorn before an application, in this loop; answers its port."""
    sock = socket.create_server(("127.0.0.1", 0), backlog=512)
    told = {
        "log_level": "critical",
        "lifespan": "on",
        "timeout_graceful_shutdown": 1,
        "ws": "websockets-sansio",
    } | settings
    server = uvicorn.Server(uvicorn.Config(app, **told))
    server.install_signal_handlers = lambda: None
    serving = asyncio.ensure_future(server._serve(sockets=[sock]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
                raise AssertionError("the server did not start")
            await asyncio.sleep(0.005)
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait_for(serving, 10)
        sock.close()


@contextlib.asynccontextmanager
async def asgi(folder, store, more="", app=None, **settings):
    """The middleware around a Starlette application, in uvicorn."""
    contract = write_contract(folder, 1, more)
    sink = ListSink()
    with compiled_once():
        guarded = Asgi(app or starlette(store), contract, sink=sink)
    async with listening(guarded, **settings) as port:
        yield Adapter(port, sink, guarded, lambda: guarded.core.locks.taken)


def flask_app(store):
    """The store in WSGI."""
    app = flask.Flask("store")

    @app.route("/", defaults={"rest": ""}, methods=METHODS)
    @app.route("/<path:rest>", methods=METHODS)
    def serve(rest):
        request = flask.request
        headers = {name.lower(): value for name, value in request.headers}
        target = request.environ["REQUEST_URI"]
        status, lines, answer = store.handle(request.method, target, headers, request.get_data())
        return flask.Response(answer, status, [*lines])

    return app


@contextlib.contextmanager
def threaded(app):
    """Werkzeug's server with a thread for each request; answers its port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads, server.block_on_close = True, False
    serving = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    serving.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        serving.join(10)
        server.server_close()


@contextlib.asynccontextmanager
async def wsgi(folder, store, more="", app=None):
    """The middleware around a Flask application, in threads."""
    contract = write_contract(folder, 1, more)
    sink = ListSink()
    with compiled_once():
        guarded = Wsgi(app or flask_app(store), contract, sink=sink)
    try:
        with threaded(guarded) as port:
            yield Adapter(port, sink, guarded, lambda: guarded.core.locks.taken)
    finally:
        await asyncio.to_thread(guarded.close)


class Server:
    """The store behind HTTP/1.1."""

    def __init__(self, store):
        self.store = store
        self.came = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self._writers = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        pending = b""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                pending += data
                while (end := complete(pending)) is not None:
                    one, pending = pending[:end], pending[end:]
                    self.came.set()
                    await self.go.wait()
                    writer.write(self.answer(one))
        writer.transport.abort()

    def answer(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        headers = dict(field.split(": ", 1) for field in fields)
        status, lines, answer = self.store.handle(method, target, headers, body)
        if status != 204:
            lines = [*lines, ("content-length", str(len(answer)))]
        block = "".join(f"{name}: {value}\r\n" for name, value in lines)
        return f"HTTP/1.1 {status} X\r\n{block}\r\n".encode() + (
            b"" if method == "HEAD" else answer
        )


@contextlib.asynccontextmanager
async def guarded(folder, store, more=""):
    """A gateway with the contract of the scenarios before a store."""
    async with Server(store) as upstream:
        program = prepared(write_contract(folder, upstream.port, more))
        there = replace(program.policy.upstreams["shop"], port=upstream.port)
        program = replace(program, policy=replace(program.policy, upstreams={"shop": there}))
        view = MemoryView.from_config(program.policy.config, folder)
        sink = ListSink()
        gate = Gate(
            program, view, sink, view.fetch_keys, approvals=open_desk(program, folder),
            bearer=view.bearer, introspect=view.introspect,
        )  # fmt: skip
        server = await asyncio.get_running_loop().create_server(gate.protocol, "127.0.0.1", 0)
        try:
            yield Running(gate, server, upstream, sink, view)
        finally:
            server.close()
            gate.abort()
            await asyncio.wait_for(gate.drained, 5)


@contextlib.asynccontextmanager
async def gateway(folder, store, more=""):
    """The gateway before the store in a process of its own, as far as it knows."""
    async with guarded(folder, store, more) as running:
        yield Adapter(running.port, running.sink, running.gate, lambda: running.gate.locks.taken)


async def settled(gate, seconds=5.0):
    """Wait until no record is held any more: after an answer, threads and tasks end on their own."""
    async with asyncio.timeout(seconds):
        while gate.taken:
            await asyncio.sleep(0.005)


ADAPTERS = (gateway, asgi, wsgi)
