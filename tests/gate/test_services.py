"""What the gate read is what a real service reads: uvicorn, Starlette and python-multipart behind it.

Thousands of requests made of what parsers disagree on; each that passes must mean the same to both.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket

import pytest
from kit.engine import DictView
from kit.gateway import ListSink, split

from yett.gate.call import Call
from yett.gate.edge import Gate
from yett.gate.reload import prepare
from yett.policy.model import Taken

uvicorn = pytest.importorskip("uvicorn", reason="the services are in the group `portal`")
starlette = pytest.importorskip("starlette", reason="the services are in the group `portal`")
pytest.importorskip("python_multipart", reason="the services are in the group `portal`")

TEXT = {"type": "string"}
OBJECT = {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "additionalProperties": TEXT}
FILES = {**OBJECT, "properties": {"a": TEXT, "b": TEXT, "f": {**TEXT, "format": "binary"}}}
BODIES = {
    "application/json": {"schema": {"type": "object"}},
    "application/x-www-form-urlencoded": {"schema": OBJECT},
    "multipart/form-data": {"schema": FILES},
}


def parameter(name, place, schema=None):
    return {"name": name, "in": place, "required": place == "path", "schema": schema or TEXT}


def operation(*parameters, **more):
    fine = {"200": {"description": "fine"}}
    return {"x-yett": {"public": True}, "parameters": parameters, "responses": fine, **more}


CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "echo", "version": "1"},
    "paths": {
        "/p/{one}": {"get": operation(parameter("one", "path"))},
        "/p/{one}/{two}": {"get": operation(parameter("one", "path"), parameter("two", "path"))},
        "/q": {
            "get": operation(
                parameter("a", "query"),
                parameter("a[b]", "query"),
                parameter("l", "query", {"type": "array", "items": TEXT}),
            )
        },
        "/b": {"post": operation(requestBody={"required": True, "content": BODIES})},
    },
}
SETTINGS = """
[api.echo]
openapi = "openapi.json"
upstream = "http://127.0.0.1:%d"
[rules]
injection = "off"
unknown_fields = "off"
"""
# Mostly what passes, so that there is something to compare; and what must not.
MILD = [
    "a",
    "b",
    "1",
    "%20",
    "+",
    "%2b",
    "%41",
    "%c3%a9",
    "%3b",
    "%26",
    "%3d",
    "%2c",
    ",",
    "(",
    ":",
    "@",
    "!",
    "$",
    "~",
    "%7e",
    "%27",
    "%22",
    "%5b",
    "[",
    "]",
    "{",
    "}",
    "|",
    "^",
    "`",
    "%f0%9f%98%80",
    "%e2%80%ae",
    "%c2%a0",
    "%3f",
    "%23",
    "-",
    "_",
    ".",
    "%2e",
    "*",
    "=",
]
WILD = [
    "..",
    "/",
    "%2f",
    "%5c",
    "\\",
    "%",
    "%25",
    "%252e",
    "%00",
    "%0a",
    ";",
    "&",
    "?",
    "#",
    "%ff",
    "%c0%af",
    "<",
    ">",
    "%u0061",
    "%ed%a0%80",
    "//",
    "/./",
    "/../",
    "%7f",
]
NUMBERS = [
    "1",
    "-0",
    "1.0",
    "1e5",
    "1E400",
    "0.1000000000000000055",
    "12345678901234567890",
    "1e-400",
    "NaN",
    "01",
    "+1",
    ".5",
    "9007199254740993",
    "1.7976931348623157e308",
]
STRINGS = [
    r'"a"',
    r'"\u0061"',
    r'"\ud83d\ude00"',
    r'"\ud800"',
    r'"\u0000"',
    r'"é"',
    r'""',
    r'"\u003a"',
    r'"a:b"',
    r'"\x"',
    r'"\/"',
]
NAMES = ['"a"', r'"\u0061"', '"b"', '"A"', '"__proto__"', '"a "', '""', r'"\u003a"', '"d:e"']
PARTS = [
    "1",
    "x y",
    "",
    "\r\n",
    "--B",
    '\n--B\r\nContent-Disposition: form-data; name="b"\r\n\r\nevil',
    "\r\n--B-",
    "é",
    "\r",
    '{"a":1}',
    "\r\n\r\n",
]
HEADS = [
    "",
    "\r\nContent-Type: text/plain",
    "\r\nContent-Type: text/plain; charset=utf-16",
    "\r\nContent-Transfer-Encoding: base64",
    "; filename*=UTF-8''x",
]


async def echo(request):
    from starlette.responses import JSONResponse  # noqa: PLC0415 — only where it is installed

    raw, form = await request.body(), None
    if "form" in request.headers.get("content-type", ""):
        async with request.form() as found:
            form = [[k, v] for k, v in found.multi_items() if isinstance(v, str)]
    read = None
    with contextlib.suppress(ValueError):
        read = json.loads(raw)
    pairs = request.query_params.multi_items()
    return JSONResponse({"path": request.scope["path"], "query": pairs, "form": form, "json": read})


@contextlib.asynccontextmanager
async def service():
    from starlette.applications import Starlette  # noqa: PLC0415 — only where it is installed
    from starlette.routing import Route  # noqa: PLC0415 — as above

    app = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))
    server.capture_signals = contextlib.nullcontext  # signals are pytest's
    task = asyncio.ensure_future(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    await task


class Maker:
    """Makes requests at random."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def text(self, most=4):
        rng = self.rng
        return "".join(
            rng.choice(MILD if rng.random() < 0.95 else WILD) for _ in range(rng.randint(0, most))
        )

    def value(self, depth=0):
        rng, way = self.rng, self.rng.random()
        if depth > 3 or way < 0.6:
            return rng.choice((rng.choice(NUMBERS), rng.choice(STRINGS), "true", "null"))
        inner = [self.value(depth + 1) for _ in range(rng.randint(0, 3))]
        return f"[{', '.join(inner)}]" if way < 0.8 else self.json(inner)

    def json(self, values):
        return "{" + ",".join(f"{self.rng.choice(NAMES)} :{value}" for value in values) + "}"

    def pairs(self):
        rng = self.rng
        names = ("a", "l", "%61", "a[b]", "a%5Bb%5D", "b")
        return "&".join(
            rng.choice(names) + rng.choice(("=", "=", "")) + self.text()
            for _ in range(rng.randint(1, 4))
        )

    def parts(self):
        rng = self.rng
        listed = [
            f'--B\r\nContent-Disposition: form-data; name="{rng.choice(("a", "b", "c", "é"))}"'
            f"{rng.choice(HEADS) if rng.random() < 0.3 else ''}\r\n\r\n{rng.choice(PARTS)}\r\n"
            for _ in range(rng.randint(1, 3))
        ]
        return "".join(listed) + "--B--" + rng.choice(("", "\r\n"))

    def request(self):
        rng, way = self.rng, self.rng.random()
        if way < 0.3:
            second = "/" + self.text() if rng.random() < 0.5 else ""
            return f"GET /p/{self.text()}{second} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        if way < 0.5:
            return f"GET /q?{self.pairs()} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        kind = "multipart/form-data; boundary=B" + rng.choice(("", "", "", "; boundary*0=C"))
        body = self.parts()
        if way < 0.65:
            kind, body = "application/x-www-form-urlencoded", self.pairs()
        elif way < 0.85:
            values = [self.value() for _ in range(rng.randint(0, 3))]
            kind, body = "application/json", self.json(values) + rng.choice(("", "", "\n", "x"))
        raw = body.encode()
        head = f"POST /b HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}"
        return head.encode() + b"\r\n\r\n" + raw


def meant(x):
    """What the gate read."""
    query = [[k, v] for k, vs in x.values.get("query", {}).items() for v in _listed(vs)]
    return {"path": "/" + "/".join(x.request.segments), "query": sorted(query)}


def _listed(value):
    return value if isinstance(value, list) else [value]


def check(x, told):
    """Compare what the gate read with what the service tells it read."""
    read = {"path": told["path"], "query": sorted(told["query"])}
    assert meant(x) == read
    kind = x.request.headers.get(b"content-type", b"")
    if b"json" in kind:
        assert x.parsed == told["json"]
    elif b"form" in kind:
        mine = sorted((k, v) for k, vs in x.parsed.items() if k != "f" for v in _listed(vs))
        assert mine == sorted((k, v) for k, v in told["form"] if k != "f")


async def test_one_reading(tmp_path, monkeypatch):
    """Path, query, JSON and forms mean to the service what they meant to the rules."""
    asked = {}
    forward = Call.forward

    def noted(self, wanted):
        asked[self.x.request.id] = self.x
        forward(self, wanted)

    monkeypatch.setattr(Call, "forward", noted)
    seed = random.SystemRandom().randrange(1 << 32)
    maker, compared = Maker(seed), 0

    async def no_keys(issuer, kid):
        return False

    async with service() as port:
        (tmp_path / "openapi.json").write_text(json.dumps(CONTRACT))
        (tmp_path / "yett.toml").write_text(SETTINGS % port)
        view = DictView()
        monkeypatch.setattr(view, "take", lambda *_: Taken(True, 9, 1.0, 0.0))
        gate = Gate(prepare(tmp_path), view, ListSink(), no_keys)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(gate.protocol, "127.0.0.1", 0)
        try:
            for _ in range(4000):
                raw = maker.request()
                reader, writer = await asyncio.open_connection(
                    *server.sockets[0].getsockname(), limit=1 << 20
                )
                writer.write(raw)
                writer.write_eof()
                status, headers, body = split(await asyncio.wait_for(reader.read(), 10))
                writer.transport.abort()
                assert status < 500, (seed, raw)
                x = asked.get(headers.get(b"yett-request-id", b"").decode())
                if x is None:
                    continue
                assert status == 200, (seed, raw, "the service refused what was let through")
                compared += 1
                try:
                    check(x, json.loads(body))
                except AssertionError as error:
                    raise AssertionError(seed, raw, body) from error
        finally:
            server.close()
            gate.abort()
    assert compared > 800, seed
