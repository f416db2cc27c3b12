"""The application's answer: checked whole, scrubbed, bounded; a leak is refused at step 14."""

from __future__ import annotations

import asyncio
import json

import pytest
from kit.gateway import ListSink
from kit.within import answers, body, guarded, start, visit
from msgspec.structs import replace

JSON = (b"content-type", b"application/json")
MINE = {"id": 1, "customer_id": 1, "status": "draft", "price": 10}


class Withholding(ListSink):
    """Takes no outcome of a sensitive operation."""

    async def durable(self, event):
        await super().durable(event)
        return event.kind != "outcome"


def whole(value, *fields):
    return answers(start(200, JSON, *fields), body(json.dumps(value).encode()))


async def test_a_record_comes_in_pieces_and_is_checked_whole(tmp_path):
    """Not a byte leaves before the last has come; digests of another body go."""
    text = json.dumps(MINE | {"secret": "x"}).encode()
    pieces = [body(text[at : at + 5], more=True) for at in range(0, len(text), 5)]
    app = answers(start(200, JSON, (b"digest", b"x"), (b"etag", b'"1"')), *pieces, body())
    async with guarded(tmp_path, app) as (yett, _sink):
        client = await visit(yett, who="ann")
        assert json.loads(client.body) == MINE
        assert len(client.sent) == 2
        assert client.headers[b"content-length"] == b"%d" % len(client.body)
        assert b"digest" not in client.headers
        assert client.headers[b"etag"] == b'"1"'


async def test_a_leak_is_a_refusal_of_step_14(tmp_path):
    """The record says that the service gave what it should not have."""
    async with guarded(tmp_path, whole(MINE)) as (yett, sink):
        client = await visit(yett, who="bob")
        assert (client.status, client.code) == (404, "no-such-record")
        event = sink.events[-1]
        assert (event.verdict, event.step, event.upstream_status) == ("refuse", 14, 200)
        assert sink.events[0].code == "record-leaked"


async def test_what_is_too_large_to_be_checked_is_refused(tmp_path):
    """`authz.max_checked` bounds what is held; the rest is not even taken."""
    sent = []

    async def app(_scope, _receive, send):
        await send(start(200, JSON))
        for _ in range(100):
            sent.append(1)
            await send(body(b" " * (1 << 16), more=True))
        await send(body())

    async with guarded(tmp_path, app) as (yett, _sink):
        client = await visit(yett, who="ann")
        assert client.status in {404, 502}
        assert len(client.body) < 1000


async def test_a_head_is_answered_as_its_get_would_be(tmp_path):
    """The application is asked for the body, the client gets none of it."""
    asked = []

    async def app(scope, receive, send):
        asked.append(scope["method"])
        await whole(MINE)(scope, receive, send)

    async with guarded(tmp_path, app) as (yett, _sink):
        client = await visit(yett, method="HEAD", who="ann")
        assert (client.status, client.body, asked) == (200, b"", ["GET"])


async def test_an_answer_larger_than_the_limit_is_refused(tmp_path):
    """`gateway.max_response`, told or counted."""
    told = answers(start(200, (b"content-length", b"100")), body(b"x" * 100))
    counted = answers(start(), body(b"x" * 60, more=True), body(b"x" * 60))
    for number, app in enumerate((told, counted)):
        async with guarded(tmp_path / str(number), app, small=True) as (yett, sink):
            settings = replace(yett.core.current.settings, max_response=99)
            yett.core.current = replace(yett.core.current, settings=settings)
            if app is counted:
                with pytest.raises(Exception, match="upstream-broken"):
                    await visit(yett, target="/echo")
            else:
                assert (await visit(yett, target="/echo")).status == 502
            assert sink.events[0].code == "upstream-broken"


async def test_an_answer_that_is_not_as_long_as_it_says(tmp_path):
    """Two readings of where it ends: no answer."""
    app = whole(MINE, (b"content-length", b"7"))
    async with guarded(tmp_path, app) as (yett, _sink):
        assert (await visit(yett, who="ann")).code == "upstream-broken"


async def test_the_outcome_of_a_sensitive_operation_is_on_disk_first(tmp_path):
    """Where it cannot be, the answer is withheld."""
    steps = [
        ("POST", "/bookings/3/refund", "sam", None),
        ("POST", "/.well-known/yett/approvals/", "sue", "vote"),
        ("POST", "/bookings/3/refund", "sam", "use"),
    ]
    async with guarded(tmp_path, sink=Withholding()) as (yett, sink):
        known = {}
        for method, target, who, kind in steps:
            fields, text, told_target = [JSON], b"", target
            if kind == "vote":
                told_target = target + known["approval"]
                text = json.dumps({"decision": "approve", "digest": known["digest"]}).encode()
            elif kind == "use":
                fields = [(b"yett-approval", known["approval"].encode())]
            if text:
                fields.append((b"content-length", b"%d" % len(text)))
            told = {
                "method": method,
                "target": told_target,
                "headers": fields if text or kind else [],
            }
            client = await visit(yett, text, who=who, **told)
            known |= json.loads(client.body)
        assert (client.status, client.code) == (503, "not-recorded")
        assert [e.kind for e in sink.events if e.kind in {"intent", "outcome"}] == [
            "intent",
            "outcome",
        ]
        await asyncio.sleep(0)
