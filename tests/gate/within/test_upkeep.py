"""Behind the requests: a real recorder, reloads, and a sink that is there or refuses."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time

import pytest
from kit.adapters import compiled_once
from kit.within import Client, answers, body, guarded, scope, small_contract, start, visit

from yett.asgi import Yett
from yett.gate.serving import served_program
from yett.gate.within import upkeep
from yett.records.errors import LedgerError
from yett.state.locks import Locks


@pytest.fixture(autouse=True)
def _private(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="y") as short:  # a socket's path has 107 bytes
        monkeypatch.setenv("RUNTIME_DIRECTORY", short)
        yield


async def test_requests_are_in_the_ledger(tmp_path):
    """By default a recorder writes them, and is handed everything before the end."""
    with compiled_once():
        yett = Yett(answers(start(), body()), small_contract(tmp_path / "contract"))
    client = Client()
    await yett(scope(target="/echo"), client.receive, client.send)
    client = Client()
    await yett(scope(target="/nowhere"), client.receive, client.send)
    await yett.upkeep.stop()
    ledger = tmp_path / "contract" / "var" / "ledger"
    text = b"".join(path.read_bytes() for path in sorted(ledger.rglob("*")) if path.is_file())
    assert b"undeclared-path" in text
    assert text.count(b'"path":"/echo"') == 1


async def test_a_ledger_of_somebody_else_refuses_the_start(tmp_path, monkeypatch):
    """Where nothing can be recorded, nothing is served; `degrade` serves and says so."""
    monkeypatch.setattr("yett.gate.within.recording.AGAIN_SECONDS", 0.2)
    folder = small_contract(tmp_path / "contract")
    taken = tmp_path / "taken"
    taken.write_text("")
    with compiled_once():
        yett = Yett(answers(start(), body()), folder, ledger=taken)
    with pytest.raises(LedgerError, match="no recorder comes up"):
        await yett.upkeep.start()
    toml = folder / "yett.toml"
    told = toml.read_text().replace("[gateway]", '[gateway]\nwhen_not_recorded = "degrade"')
    toml.write_text(told)
    yett = Yett(answers(start(), body()), folder, ledger=taken)
    client = Client()
    await yett(scope(target="/echo"), client.receive, client.send)
    assert client.status == 200
    await yett.upkeep.stop()


async def test_a_broken_contract_never_replaces_a_working_one(tmp_path, caplog):
    """It is said in the log and the ledger; a mended one is taken."""
    async with guarded(tmp_path, answers(start(), body(b"x")), small=True) as (yett, sink):
        path = tmp_path / "contract" / "openapi.yaml"
        text = path.read_text()
        assert (await visit(yett, target="/echo")).status == 200
        path.write_text("openapi: [")
        assert not await yett.upkeep.reload()
        assert (await visit(yett, target="/echo")).status == 200
        assert [e.kind for e in sink.events if e.kind.startswith("reload")] == ["reload-refused"]
        assert "stays in force" in caplog.text
        path.write_text(text.replace("/echo:", "/said:"))
        assert await yett.upkeep.reload()
        assert (await visit(yett, target="/echo")).status == 404
        assert (await visit(yett, target="/said")).status == 200
        assert served_program() is yett.core.current.program
    assert served_program() is None


async def test_a_changed_file_is_noticed(tmp_path, monkeypatch):
    """Within a few looks, without a signal."""
    monkeypatch.setattr(upkeep, "TICK_SECONDS", 0.01)
    async with guarded(tmp_path, answers(start(), body(b"x")), small=True) as (yett, _sink):
        await visit(yett, target="/echo")
        path = tmp_path / "contract" / "openapi.yaml"
        path.write_text(path.read_text().replace("/echo:", "/said:"))
        async with asyncio.timeout(20):
            while (await visit(yett, target="/said")).status != 200:
                await asyncio.sleep(0.02)


async def test_a_request_under_way_keeps_its_contract(tmp_path):
    """A reload in the middle changes nothing for it."""
    going, go = asyncio.Event(), asyncio.Event()

    async def app(told, receive, send):
        going.set()
        await go.wait()
        await answers(start(), body(b"x"))(told, receive, send)

    async with guarded(tmp_path, app, small=True) as (yett, _sink):
        asking = asyncio.ensure_future(visit(yett, target="/events", who="ann"))
        await going.wait()
        path = tmp_path / "contract" / "openapi.yaml"
        path.write_text(path.read_text().replace("/events:", "/gone:"))
        assert await yett.upkeep.reload()
        go.set()
        assert (await asking).status == 200


def test_workers_of_a_host_share_the_file_of_locks(tmp_path):
    """What one process holds, another does not get; its end frees it."""
    asked, answer = os.pipe()
    child = os.fork()
    if not child:
        os.close(answer)
        held = Locks(upkeep._locks_file(tmp_path)).seize("Booking::1")
        (tmp_path / "held").write_text(str(held is not None))
        os.read(asked, 1)
        os._exit(0)
    os.close(asked)
    try:
        for _ in range(500):
            if (tmp_path / "held").exists():
                break
            time.sleep(0.01)
        locks = Locks(upkeep._locks_file(tmp_path))
        assert locks.seize("Booking::1") is None
        assert locks.seize("Booking::2") is not None
    finally:
        os.close(answer)
        os.waitpid(child, 0)
    assert locks.seize("Booking::1") is not None
