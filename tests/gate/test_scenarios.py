"""The scenarios of tests/scenarios through a running gateway, with real tokens and a real service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re

import pytest
from kit.gateway import ListSink, Running, complete, split
from kit.scenario import CALLERS, Store, play, scenarios, token, write_contract

from yett.gate.approvals import open_desk
from yett.gate.edge import Gate
from yett.gate.reload import prepare
from yett.state.memory import MemoryView

CASES = list(scenarios())
MANY = """
[authz]
sample = 10
"""


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
        program = prepare(write_contract(folder, upstream.port, more))
        view = MemoryView.from_config(program.policy.config, folder)
        sink = ListSink()
        gate = Gate(
            program, view, sink, view.fetch_keys, approvals=open_desk(program, folder),
            bearer=view.bearer,
        )  # fmt: skip
        server = await asyncio.get_running_loop().create_server(gate.protocol, "127.0.0.1", 0)
        try:
            yield Running(gate, server, upstream, sink, view)
        finally:
            server.close()
            gate.abort()
            await asyncio.wait_for(gate.drained, 5)


def asker(gateway):
    async def ask(method, target, headers, body):
        lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        if body:
            lines.append(f"content-length: {len(body)}")
        raw = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
        status, found, answer = split(await gateway.send(raw))
        return status, {k.decode(): v.decode("latin-1") for k, v in found.items()}, answer

    return ask


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{f}: {c['name']}" for f, c in CASES])
async def test_scenario(tmp_path, file, case):
    """Each caller gets exactly what the contract lets them, and the service hears no more."""
    settings = {key: case[key] for key in ("tagged", "leaky", "breaks") if key in case}
    store = Store(**settings)
    async with guarded(tmp_path / "contract", store) as gateway:
        await play(case, store, asker(gateway))
        found = {event.code for event in gateway.sink.events if event.kind == "finding"}
        assert found == set(case.get("events", ()))
        assert gateway.gate.locks.taken == 0


@pytest.mark.parametrize("send", ["GET", "HEAD", "PATCH", "DELETE", "POST /confirm"])
async def test_missing_and_forbidden_are_one_answer(tmp_path, send):
    """Byte for byte, but for the request id and the clock: nobody learns that a record exists."""
    method, _, action = send.partition(" ")
    headers = {"host": "a", "authorization": f"Bearer {token('bob')}"}
    body = b""
    if method == "PATCH":
        headers["content-type"], body = "application/json", b'{"note":"x"}'
    told = []
    async with guarded(tmp_path / "contract", Store()) as gateway:
        for id_ in (1, 77):
            answer = await asker(gateway)(method, f"/bookings/{id_}{action}", headers, body)
            status, found, text = answer
            assert status == 404
            request_id = found.pop("yett-request-id")
            del found["date"]
            found["content-length"] = "?" if method == "HEAD" else found["content-length"]
            told.append((found, text.decode().replace(request_id, "")))
    assert told[0] == told[1]


async def test_a_reload_in_between_changes_nothing_for_who_is_under_way(tmp_path):
    """A request that was begun under one contract is decided and released under that one."""
    store = Store()
    async with guarded(tmp_path / "contract", store) as gateway:
        gateway.upstream.go.clear()
        asking = asyncio.ensure_future(
            asker(gateway)("PATCH", "/bookings/1", caller("ann"), b'{"note":"x"}')
        )
        await asyncio.wait_for(gateway.upstream.came.wait(), 10)
        closed = (tmp_path / "contract" / "policies" / "shop.cedar").read_text()
        (tmp_path / "contract" / "policies" / "shop.cedar").write_text(
            closed.replace('@id("own")\npermit', '@id("own")\nforbid')
        )
        gateway.gate.swap(prepare(tmp_path / "contract"))
        gateway.upstream.go.set()
        status, _, _ = await asking
        assert status == 200
        status, _, _ = await asker(gateway)("PATCH", "/bookings/1", caller("ann"), b'{"note":"y"}')
        assert status == 403  # now forbidden to everybody, which needs no record
        assert store.bookings[1]["note"] == "x"


def caller(name):
    return {
        "host": "a",
        "authorization": f"Bearer {token(name)}",
        "content-type": "application/json",
    }


async def test_records_of_others_never_come_along(tmp_path):
    """Many callers at once, on few connections: each sees, changes and lists their own alone."""
    store = Store()
    store.bookings = {
        id_: {
            "id": id_,
            "customer_id": 1 + id_ % 2,
            "status": "draft",
            "price": id_,
            "note": f"<{1 + id_ % 2}>",
        }
        for id_ in range(1, 21)
    }
    store.versions = dict.fromkeys(store.bookings, 1)
    rng = random.Random(11)
    async with guarded(tmp_path / "contract", store, MANY) as gateway:
        ask = asker(gateway)

        async def visit(name):
            mine = CALLERS[name]["sub"]
            for _ in range(15):
                id_ = rng.randrange(1, 21)
                own = str(1 + id_ % 2) == mine
                what = rng.randrange(4)
                if what == 0:
                    status, _, body = await ask("GET", "/bookings", caller(name), b"")
                    found = json.loads(body)
                    assert {one["customer_id"] for one in found["items"]} == {int(mine)}
                    assert found["total"] == 10
                    continue
                body = b"" if what != 1 else b'{"price": %d}' % rng.randrange(100)
                method = "PATCH" if what == 1 else "GET"
                status, _, body = await ask(method, f"/bookings/{id_}", caller(name), body)
                assert status == (200 if own else 404), (name, id_, body)
                assert set(re.findall(rb"<(\d)>", body)) <= {mine.encode()}

        await asyncio.gather(*(visit(name) for name in ("ann", "bob") * 8))
        assert gateway.gate.locks.taken == 0
