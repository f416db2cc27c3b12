"""A guarded ASGI application called without a server: what a server sends, what it would be told."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from urllib.parse import unquote

from kit.adapters import compiled_once, starlette
from kit.gateway import ListSink
from kit.scenario import Store, token, write_contract

from yett.asgi import Yett
from yett.wsgi import Yett as Wsgi

SMALL = """
openapi: 3.1.0
info: {title: small, version: "1"}
paths:
  /echo:
    get:
      operationId: hear
      security: []
      x-yett: {public: true, timeout: 0.5}
      responses: {"200": {description: it}}
    post:
      operationId: echo
      security: []
      x-yett: {public: true, max_body: 100}
      requestBody: {required: true, content: {application/octet-stream: {}}}
      responses: {"200": {description: it}}
  /upload:
    post:
      operationId: upload
      security: []
      x-yett: {public: true, max_body: 100, stream: request}
      requestBody: {required: true, content: {application/octet-stream: {}}}
      responses: {"200": {description: it}}
  /events:
    get:
      operationId: events
      security: [{token: []}]
      x-yett: {stream: response}
      responses: {"200": {description: it, content: {text/event-stream: {}}}}
  /talk:
    get:
      operationId: talk
      security: [{token: []}]
      x-yett: {websocket: true}
      responses: {"101": {description: it}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
"""


def small_contract(folder, more=""):
    """A contract with public, streaming and WebSocket operations."""
    write_contract(folder, 1, more)
    (folder / "openapi.yaml").write_text(SMALL)
    for path in (folder / "policies").glob("*"):
        path.unlink()
    (folder / "policies").rmdir()
    return folder


@contextlib.asynccontextmanager
async def guarded(folder, app=None, *, store=None, more="", small=False, sink=None):
    """The middleware, started; answers it and its sink."""
    write = small_contract if small else lambda at, more: write_contract(at, 1, more)
    contract = write(folder / "contract", more)
    sink = sink or ListSink()
    with compiled_once():
        yett = Yett(app or starlette(store or Store()), contract, sink=sink)
    try:
        yield yett, sink
    finally:
        await yett.upkeep.stop()


def scope(method="GET", target="/bookings/1", headers=(), who="", **changes):
    """What a server makes of a request."""
    path, _, query = target.partition("?")
    fields = [(b"host", b"shop.test"), *headers]
    if who:
        fields.append((b"authorization", f"Bearer {token(who)}".encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": fields,
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 80),
    } | changes


class Client:
    """The server's side of one request: messages in, messages out."""

    def __init__(self, *pieces, leaves=False):
        self._pieces = list(pieces) or [b""]
        self._leaves = leaves
        self.sent = []
        self.done = asyncio.Event()

    async def receive(self):
        if self._pieces:
            piece = self._pieces.pop(0)
            more = bool(self._pieces) or self._leaves
            return {"type": "http.request", "body": piece, "more_body": more}
        if not self._leaves:
            await self.done.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.done.set()

    @property
    def status(self):
        return next((m["status"] for m in self.sent if m["type"] == "http.response.start"), 0)

    @property
    def headers(self):
        starts = [m for m in self.sent if m["type"] == "http.response.start"]
        assert len(starts) <= 1
        return dict(starts[0]["headers"]) if starts else {}

    @property
    def body(self):
        return b"".join(m.get("body", b"") for m in self.sent if m["type"] == "http.response.body")

    @property
    def code(self):
        return json.loads(self.body)["code"]

    @property
    def complete(self):
        return self.done.is_set()


async def visit(yett, /, *pieces, leaves=False, **told):
    """One request with a body in pieces; answers the client after the application ended."""
    client = Client(*pieces, leaves=leaves)
    async with asyncio.timeout(10):
        await yett(scope(**told), client.receive, client.send)
    return client


def answers(*messages, reads=False):
    """An application that sends these messages."""

    async def app(_scope, receive, send):
        if reads:
            while (await receive()).get("more_body"):
                pass
        for message in messages:
            if isinstance(message, BaseException):
                raise message
            await send(message)

    return app


def start(status=200, *headers):
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data=b"", *, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


def form(method="POST", target="/echo", **told):
    """A request of the small contract with a body."""
    fields = [(b"content-type", b"application/octet-stream"), *told.pop("headers", ())]
    return {"method": method, "target": target, "headers": fields} | told


@contextlib.contextmanager
def guarded_wsgi(folder, app, *, more="", small=False, sink=None):
    """The WSGI middleware; answers it and its sink."""
    write = small_contract if small else lambda at, more: write_contract(at, 1, more)
    contract = write(folder / "contract", more)
    sink = sink or ListSink()
    with compiled_once():
        yett = Wsgi(app, contract, sink=sink)
    try:
        yield yett, sink
    finally:
        yett.close()


def environ(method="GET", target="/bookings/1", data=b"", who="", **changes):
    """What a WSGI server makes of a request."""
    path, _, query = target.partition("?")
    made = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": target,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "shop.test",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": io.StringIO(),
    }
    if data:
        made |= {"CONTENT_LENGTH": str(len(data)), "CONTENT_TYPE": "application/json"}
    if who:
        made["HTTP_AUTHORIZATION"] = f"Bearer {token(who)}"
    return {key: value for key, value in (made | changes).items() if value is not None}


class Answer:
    """What a WSGI server would send."""

    def __init__(self, yett, told):
        self.status, self.headers, self.body = 0, {}, b""
        pieces = yett(told, self._start)
        try:
            for piece in pieces:
                assert self.status
                self.body += piece
        finally:
            getattr(pieces, "close", lambda: None)()

    def _start(self, status, headers, exc_info=None):
        assert not self.status, "two heads"
        self.status, self.headers = int(status[:3]), dict(headers)
        return self._write

    def _write(self, data):
        self.body += data

    @property
    def code(self):
        return json.loads(self.body)["code"]


def plain(status="200 OK", *pieces, headers=()):
    """A WSGI application with one answer."""

    def app(told, start_response):
        start_response(status, list(headers))
        return list(pieces)

    return app
