"""Questions: reads that fail, locks that are taken, adapters that break; each a refusal."""

from __future__ import annotations

import asyncio
import json

from kit.scenario import Store
from kit.within import answers, body, guarded, start, visit
from msgspec.structs import replace

JSON = (b"content-type", b"application/json")
NOTE = b'{"note":"x"}'
WRITE = {"method": "PATCH", "headers": [JSON, (b"content-length", b"12")], "who": "ann"}


async def test_one_writer_at_a_time(tmp_path):
    """Without ETags, a second write waits until the first has ended."""
    under_way, most = 0, 0
    store = Store(tagged=False)

    async def app(told, receive, send):
        nonlocal under_way, most
        if told["method"] == "PATCH":
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.01)
            under_way -= 1
        status, lines, text = store.handle(told["method"], told["path"], {}, NOTE)
        fields = [(k.encode(), v.encode()) for k, v in lines]
        await answers(start(status, *fields), body(text))(told, receive, send)

    async with guarded(tmp_path, app) as (yett, _sink):
        done = await asyncio.gather(*(visit(yett, NOTE, **WRITE) for _ in range(8)))
        assert {client.status for client in done} == {200}
        assert most == 1
        assert yett.core.locks.taken == 0


async def test_a_lock_that_fails_is_not_held(tmp_path):
    """The write is refused, not tried without it."""
    store = Store()
    async with guarded(tmp_path, store=store) as (yett, _sink):
        await yett.upkeep.start()

        def seize(_key):
            raise OSError("no locks")

        yett.core.locks.seize = seize
        client = await visit(yett, NOTE, **WRITE)
        assert (client.status, client.code) == (503, "record-busy")
        assert store.log == ["GET /bookings/1"]


async def test_a_read_that_hangs_has_its_time(tmp_path):
    """The operation's own, shared with the write itself."""

    async def app(_scope, _receive, _send):
        await asyncio.Event().wait()

    async with guarded(tmp_path, app) as (yett, _sink):
        program = yett.core.current.program
        plan = program.plans["shop.changeBooking"]
        plan = replace(plan, operation=replace(plan.operation, timeout=0.05))
        program = replace(program, plans={**program.plans, "shop.changeBooking": plan})
        yett.core.current = replace(yett.core.current, program=program)
        client = await visit(yett, NOTE, **WRITE)
        assert (client.status, client.code) == (504, "upstream-timeout")
        assert yett.core.locks.taken == 0


async def test_a_service_account_reads_with_its_own_token(tmp_path):
    """`[authz] read_as`: the caller's credential and identity stay out of that read."""
    seen = []

    async def app(told, receive, send):
        seen.append((told["method"], dict(told["headers"])[b"authorization"], "yett" in told))
        text = json.dumps({"id": 1, "customer_id": 1, "status": "draft", "price": 1}).encode()
        await answers(start(200, JSON), body(text))(told, receive, send)

    contract = tmp_path / "contract"
    contract.mkdir()
    (contract / "token").write_text("service-token")
    (contract / "token").chmod(0o600)
    async with guarded(tmp_path, app, more='[authz]\nread_as = "token"\n') as (yett, _sink):
        assert (await visit(yett, NOTE, **WRITE)).status == 200
    assert seen[0] == ("GET", b"Bearer service-token", False)
    assert seen[1][0] == "PATCH"
    assert seen[1][1] != b"Bearer service-token"
    assert seen[1][2]
