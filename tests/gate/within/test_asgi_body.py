"""Bodies: bounded in bytes and time, whole or streamed, never longer than they say."""

from __future__ import annotations

import asyncio

import pytest
from kit.within import Client, answers, body, form, guarded, scope, start, visit
from msgspec.structs import replace

from yett.gate import upload

JSON = (b"content-type", b"application/json")
OK = answers(start(), body(b"ok"), reads=True)


@pytest.mark.parametrize("length", [b"99999999", None])
async def test_a_huge_body_is_refused(tmp_path, length):
    """From its head where that says so, else as it comes; the application is not called."""
    framing = (b"content-length", length) if length else (b"transfer-encoding", b"chunked")
    async with guarded(tmp_path, answers(AssertionError())) as (yett, _sink):
        client = Client(*[b" " * (1 << 16)] * 40)
        told = scope("POST", "/bookings", [JSON, framing], who="ann")
        await yett(told, client.receive, client.send)
        assert (client.status, client.code) == (413, "body-too-large")


@pytest.mark.parametrize("sent", [b"123", b"12345678"])
async def test_a_body_that_is_not_as_long_as_it_says(tmp_path, sent):
    """Two readings of where it ends: refused, collected or streamed."""
    fields = [(b"content-length", b"5")]
    async with guarded(tmp_path, OK, small=True) as (yett, _sink):
        for target in ("/echo", "/upload"):
            client = await visit(yett, sent, **form(target=target, headers=fields))
            assert client.code == "malformed-request"
    async with guarded(tmp_path / "more") as (yett, _sink):
        told = {"method": "PATCH", "headers": [JSON, *fields], "who": "ann"}
        assert (await visit(yett, sent, **told)).code == "malformed-request"


@pytest.mark.parametrize("small", [True, False])
async def test_a_slow_body_is_not_waited_for(tmp_path, small):
    """A client that dribbles is told so, and holds nothing."""

    async def never():
        await asyncio.Event().wait()

    async with guarded(tmp_path, OK if small else None, small=small) as (yett, sink):
        settings = replace(yett.core.current.settings, body_timeout=0.05, body_rate=10**9)
        yett.core.current = replace(yett.core.current, settings=settings)
        fields = [JSON, (b"content-length", b"5")]
        told = None
        if small:
            told = scope(**form(target="/upload", headers=[(b"content-length", b"5")]))
        told = told or scope("PATCH", "/bookings/1", fields, who="ann")
        client = Client()
        if small:
            before, upload.RATE_GRACE_SECONDS = upload.RATE_GRACE_SECONDS, 0.05
        try:
            await yett(told, never, client.send)
        finally:
            if small:
                upload.RATE_GRACE_SECONDS = before
        assert (client.status, client.code) == (408, "request-timeout")


async def test_an_application_hears_of_a_client_that_left(tmp_path):
    """In the middle of a streamed body, as from any server."""
    heard = []

    async def app(_scope, receive, _send):
        heard.extend([await receive(), await receive()])

    async with guarded(tmp_path, app, small=True) as (yett, sink):
        client = Client(b"abc", leaves=True)
        told = scope(**form(target="/upload", headers=[(b"content-length", b"5")]))
        await yett(told, client.receive, client.send)
        assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]
        assert (client.sent, sink.events[0].status) == ([], 0)


async def test_a_body_that_was_read_is_replayed_once(tmp_path):
    """Then the application may wait for a disconnect, as streaming frameworks do."""
    heard = []

    async def app(told, receive, send):
        if told["method"] == "GET":
            record = b'{"id":1,"customer_id":1,"status":"draft","price":1}'
            await answers(start(200, JSON), body(record))(told, receive, send)
            return
        heard.append(await receive())
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await answers(start(204), body())(told, receive, send)
        heard.append(await waiting)

    text = b'{"note":"x"}'
    fields = [JSON, (b"content-length", b"12")]
    async with guarded(tmp_path, app) as (yett, _sink):
        await visit(yett, text, method="PATCH", headers=fields, who="ann")
    assert heard[0]["body"] == text
    assert heard[1]["type"] == "http.disconnect"
