"""The scenarios of tests/scenarios through every adapter, with real tokens and a real service."""

from __future__ import annotations

import asyncio
import json
import random
import re

import pytest
from kit.adapters import ADAPTERS, guarded, settled
from kit.gateway import split
from kit.scenario import CALLERS, Store, play, scenarios, token

from yett.gate.reload import prepare

CASES = list(scenarios())
MANY = """
[authz]
sample = 10
"""


def asker(gateway):
    async def ask(method, target, headers, body):
        lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        if body:
            lines.append(f"content-length: {len(body)}")
        raw = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
        status, found, answer = split(await gateway.send(raw))
        return status, {k.decode(): v.decode("latin-1") for k, v in found.items()}, answer

    return ask


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.__name__)
@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{f}: {c['name']}" for f, c in CASES])
async def test_scenario(tmp_path, file, case, adapter):
    """Each caller gets exactly what the contract lets them, and the service hears no more."""
    settings = {key: case[key] for key in ("tagged", "leaky", "breaks") if key in case}
    store = Store(**settings)
    async with adapter(tmp_path / "contract", store) as gate:
        await play(case, store, gate.ask)
        await settled(gate)
        found = {event.code for event in gate.sink.events if event.kind == "finding"}
        assert found == set(case.get("events", ()))
        steps = len(case.get("steps") or [case])
        assert sum(event.kind == "request" for event in gate.sink.events) == steps


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
