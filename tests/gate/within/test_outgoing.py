"""What the application is called with, and what counts as a record."""

from __future__ import annotations

import pytest
from kit.within import answers, body, form, guarded, start, visit

from yett.gate.within.outgoing import pairs

JSON = (b"content-type", b"application/json")
RECORD = b'{"id":1,"customer_id":1,"status":"draft","price":10}'


async def test_the_application_gets_the_checked_request(tmp_path):
    """Canonical path and query, no field of a proxy, one content-length, the body as it was read."""
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, await receive()))
        await answers(start(200, JSON), body(b"{}"))(scope, receive, send)

    told = form(headers=[(b"x-original-url", b"/x"), (b"content-length", b"2")])
    async with guarded(tmp_path, app, small=True) as (yett, _sink):
        await visit(yett, b"hi", **told | {"target": "/ech%6f"})
    scope, message = seen[0]
    fields = dict(scope["headers"])
    assert (scope["path"], scope["raw_path"]) == ("/echo", b"/echo")
    assert b"x-original-url" not in fields
    assert (fields[b"content-length"], message["body"]) == (b"2", b"hi")
    assert [name for name, _ in scope["headers"]].count(b"host") == 1


@pytest.mark.parametrize(
    ("read", "note"),
    [
        ([start(206, JSON), body(RECORD)], "a part of the record"),
        ([start(200, JSON, (b"content-encoding", b"gzip")), body(RECORD)], "content coding"),
        ([start(200, JSON), body(b"x" * (1 << 21))], "larger than"),
        ([start(200, JSON, (b"content-length", b"9999999")), body(RECORD)], "larger than"),
        ([start(200, JSON, (b"content-length", b"3")), body(RECORD)], "no whole answer"),
        ([start(200, JSON), body(RECORD, more=True)], "no whole answer"),
        ([start(200, JSON), start(200, JSON), body(RECORD)], "answered twice"),
        ([body(RECORD)], "without a head"),
        ([], "no whole answer"),
        ([ValueError("secret")], "failed with ValueError"),
    ],
)
async def test_what_is_not_the_whole_record_is_no_record(tmp_path, read, note):
    """A write is refused where the application does not show its record plainly."""

    async def app(scope, receive, send):
        assert scope["method"] == "GET", "the write must not arrive"
        assert not {b"if-none-match", b"range", b"content-length"} & {
            n for n, _ in scope["headers"]
        }
        await answers(*read)(scope, receive, send)

    text = b'{"note":"x"}'
    fields = [JSON, (b"content-length", b"%d" % len(text)), (b"if-none-match", b'"x"')]
    async with guarded(tmp_path, app) as (yett, sink):
        client = await visit(yett, text, method="PATCH", headers=fields, who="ann")
        assert client.code == "record-unreadable"
        assert note in sink.events[-1].note
        assert yett.core.locks.taken == 0


def test_pairs():
    """A block's fields, in order."""
    assert pairs(b"A: 1\r\nb:2\r\n") == [(b"a", b"1"), (b"b", b"2")]
