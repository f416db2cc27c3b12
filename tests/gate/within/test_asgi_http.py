"""Hostile clients and applications that misuse ASGI: every request has one answer and one record."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
from kit.adapters import asgi, gateway, send_bytes
from kit.gateway import split
from kit.scenario import Store, token
from kit.within import Client, answers, body, form, guarded, scope, start, visit
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from yett import allowed
from yett.gate.within import standing
from yett.gate.within.answering import BrokenError

JSON = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("messages", "status", "code"),
    [
        ([], 502, "upstream-broken"),
        ([body(b"x")], 502, "upstream-broken"),
        ([start()], None, "upstream-broken"),
        ([start(), start()], None, "upstream-broken"),
        ([start(), body(b"x", more=True)], None, "upstream-broken"),
        ([{"type": "http.response.pathsend", "path": "/etc/passwd"}], 502, "upstream-broken"),
        ([start(200, (b"x", b"a\r\nset-cookie: b")), body()], 502, "upstream-broken"),
        ([start(200, (b"x\n", b"a")), body()], 502, "upstream-broken"),
        ([start(99), body()], 502, "upstream-broken"),
        ([start(200, (b"content-length", b"5")), body(b"123456")], None, "upstream-broken"),
        ([start(500), body(b"Traceback: secret")], 500, "upstream-failed"),
    ],
)
async def test_applications_that_misuse_asgi(tmp_path, messages, status, code):
    """A broken answer becomes a 502, or is visibly cut where it had begun; never taken for whole."""
    async with guarded(tmp_path, answers(*messages), small=True) as (yett, sink):
        client = Client()
        with contextlib.suppress(BrokenError):  # the server ends the connection
            await yett(scope(target="/echo"), client.receive, client.send)
        assert b"secret" not in client.body
        assert client.complete is (status is not None)
        assert status is None or client.status == status
        assert [event.code for event in sink.events] == [code]


async def test_an_answer_that_goes_on_after_its_end_is_the_applications_bug(tmp_path):
    """A second body is an error in the application, as any server makes it; the client has one."""
    app = answers(start(), body(b"one"), body(b"two"))
    async with guarded(tmp_path, app, small=True) as (yett, sink):
        with pytest.raises(RuntimeError, match="complete"):
            await visit(yett, target="/echo")
        assert [(event.status, event.code) for event in sink.events] == [(200, "")]


async def test_an_exception_is_answered_and_still_reaches_the_server(tmp_path):
    """The client gets a plain 500, the server its traceback."""
    async with guarded(tmp_path, answers(ValueError("secret")), small=True) as (yett, sink):
        client = Client()
        with pytest.raises(ValueError, match="secret"):
            await yett(scope(target="/echo"), client.receive, client.send)
        assert (client.status, client.code) == (500, "upstream-failed")
        assert b"secret" not in client.body
        assert sink.events[0].note == "the service failed with ValueError"


async def test_an_exception_inside_an_answer_cuts_it(tmp_path):
    """What has begun is not completed by anybody."""
    app = answers(start(), body(b"x", more=True), ValueError("late"))
    async with guarded(tmp_path, app, small=True) as (yett, sink):
        with pytest.raises(Exception, match=r"late|upstream-failed"):
            await visit(yett, target="/echo")
        assert (sink.events[0].status, sink.events[0].code) == (200, "upstream-failed")


async def test_an_application_that_hangs_is_ended(tmp_path):
    """Its time over, it is cancelled and the client told."""
    ended = asyncio.Event()

    async def app(_scope, _receive, _send):
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with guarded(tmp_path, app, small=True) as (yett, sink):
        client = await visit(yett, target="/echo")
        assert (client.status, client.code) == (504, "upstream-timeout")
        assert ended.is_set()


async def test_nothing_of_the_service_is_disclosed(tmp_path):
    """Fields that tell what runs here are dropped, those of the gate are there once."""
    said = start(200, (b"x-powered-by", b"x"), (b"server", b"y"), (b"x-frame-options", b"ALLOW"))
    async with guarded(tmp_path, answers(said, body(b"{}")), small=True) as (yett, _sink):
        client = await visit(yett, target="/echo")
        names = [name for name, _ in client.sent[0]["headers"]]
        assert not {b"x-powered-by", b"server"} & {*names}
        assert client.headers[b"x-frame-options"] == b"DENY"
        assert len(names) == len(set(names))


async def test_fifty_callers_at_once_are_never_mixed(tmp_path):
    """Each sees their own records, in lists, reads and writes, with one application object."""
    store = Store()
    store.bookings = {
        id_: {"id": id_, "customer_id": 1 + id_ % 2, "status": "draft", "price": 1, "note": "n"}
        for id_ in range(1, 21)
    }
    store.versions = dict.fromkeys(store.bookings, 1)
    async with guarded(tmp_path, store=store) as (yett, sink):

        async def one(number):
            who, mine = ("ann", 1) if number % 2 else ("bob", 2)
            listed = await visit(yett, target="/bookings", who=who)
            assert {x["customer_id"] for x in json.loads(listed.body)["items"]} == {mine}
            id_ = 1 + number % 20
            text = b'{"price": %d}' % number
            told = {"headers": [JSON, (b"content-length", b"%d" % len(text))], "who": who}
            changed = await visit(yett, text, method="PATCH", target=f"/bookings/{id_}", **told)
            own = 1 + id_ % 2 == mine
            assert changed.status == (200 if own else 404), changed.body

        await asyncio.gather(*(one(number) for number in range(50)))
        assert yett.core.locks.taken == 0
        assert sum(event.kind == "request" for event in sink.events) == 100


async def test_a_record_that_changed_is_decided_about_again(tmp_path):
    """The first 412 to a condition of the gate's own is not the client's affair."""
    store = Store()
    app_of = store.handle
    raced = []

    def racing(method, target, headers, body):
        if method == "PATCH" and not raced:
            raced.append(target)
            store.versions[1] += 1
        return app_of(method, target, headers, body)

    store.handle = racing
    text = b'{"note":"x"}'
    told = {"headers": [JSON, (b"content-length", b"%d" % len(text))], "who": "ann"}
    async with guarded(tmp_path, store=store) as (yett, sink):
        client = await visit(yett, text, method="PATCH", **told)
        assert client.status == 200
        assert store.log == ["GET /bookings/1", "PATCH /bookings/1"] * 2
        assert len(sink.events) == 1


async def test_streamed_events_end_with_the_credential(tmp_path):
    """A stream that outlives its token is cut, and the record says why."""

    async def app(_scope, _receive, send):
        await send(start(200, (b"content-type", b"text/event-stream")))
        while True:
            await send(body(b"data: 1\n\n", more=True))
            await asyncio.sleep(0.01)

    async with guarded(tmp_path, app, small=True) as (yett, sink):
        client = Client()
        far = standing.time
        standing.time = lambda: far() + 628.9  # 600 s, and 30 s of skew
        try:
            with pytest.raises(Exception, match="credential-expired"):
                await yett(scope(target="/events", who="ann"), client.receive, client.send)
        finally:
            standing.time = far
        assert client.body.startswith(b"data: 1")
        assert sink.events[0].code == "credential-expired"


async def test_a_preflight_is_answered_at_the_gate(tmp_path):
    """The application hears nothing of it."""
    async with guarded(
        tmp_path,
        answers(AssertionError()),
        small=True,
        more='[cors]\norigins = ["https://a.test"]\n',
    ) as (yett, _sink):
        asked = [(b"origin", b"https://a.test"), (b"access-control-request-method", b"GET")]
        client = await visit(yett, method="OPTIONS", target="/echo", headers=asked)
        assert client.status == 204
        assert client.headers[b"access-control-allow-origin"] == b"https://a.test"


async def test_mode_observe_changes_nothing(tmp_path):
    """What would have been refused passes, and is recorded."""
    async with guarded(tmp_path, small=True, app=answers(start(), body(b"x"))) as (yett, sink):
        path = tmp_path / "contract" / "yett.toml"
        path.write_text(path.read_text().replace("[gateway]", '[gateway]\nmode = "observe"'))
        assert await yett.upkeep.reload()
        client = await visit(yett, target="/nowhere")
        assert (client.status, client.body) == (200, b"x")
        assert "undeclared-path" in sink.events[-1].observed


HOSTILE = {
    "an encoded slash": "GET /bookings%2f1 HTTP/1.1",
    "an encoded dot": "GET /bookings/%2e%2e/users/1 HTTP/1.1",
    "two slashes": "GET //bookings/1 HTTP/1.1",
    "a double encoding": "GET /bookings/%2531 HTTP/1.1",
    "a path parameter": "GET /bookings;a=b/1 HTTP/1.1",
    "an encoded null": "GET /bookings/1%00 HTTP/1.1",
    "a broken escape": "GET /bookings/%zz HTTP/1.1",
    "a backslash": "GET /bookings%5c1 HTTP/1.1",
    "a broken escape in the query": "GET /bookings/1?a=%z HTTP/1.1",
    "an unknown parameter": "GET /bookings/1?admin=true HTTP/1.1",
    "an undeclared path": "GET /admin HTTP/1.1",
    "a trailing slash": "GET /bookings/1/ HTTP/1.1",
    "other letters": "GET /Bookings/1 HTTP/1.1",
    "an undeclared method": "PUT /bookings/1 HTTP/1.1",
    "somebody else's": "GET /bookings/2 HTTP/1.1",
    "a name that is no number": "GET /bookings/one HTTP/1.1",
    "two credentials": "GET /bookings/1 HTTP/1.1\r\nAuthorization: Bearer x",
    "two origins": "GET /bookings/1 HTTP/1.1\r\nOrigin: https://a\r\nOrigin: https://b",
    "a second name": "GET /bookings/1 HTTP/1.1\r\nContent_Type: text/html",
    "another method in a field": "GET /bookings/2 HTTP/1.1\r\nX-HTTP-Method-Override: DELETE",
    "another path in a field": "GET /bookings/2 HTTP/1.1\r\nX-Original-URL: /bookings/1",
    "a removed credential": "GET /bookings/1 HTTP/1.1\r\nConnection: authorization",
    "an expectation": "GET /bookings/1 HTTP/1.1\r\nExpect: miracles",
    "a hundred fields": "GET /bookings/1 HTTP/1.1" + "\r\na: b" * 101,
    "a body that nobody declared": "GET /bookings/1 HTTP/1.1\r\nContent-Length: 5",
    "a coded body": "PATCH /bookings/1 HTTP/1.1\r\nContent-Type: application/json"
    "\r\nContent-Encoding: gzip\r\nContent-Length: 5",
    "another media type": "PATCH /bookings/1 HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 5",
    "a body that is no JSON": "PATCH /bookings/1 HTTP/1.1\r\nContent-Type: application/json"
    "\r\nContent-Length: 5",
    "a huge body": "PATCH /bookings/1 HTTP/1.1\r\nContent-Type: application/json"
    "\r\nContent-Length: 99999999",
    "a chunked body": "PATCH /bookings/1 HTTP/1.1\r\nContent-Type: application/json"
    "\r\nTransfer-Encoding: chunked",
}


async def test_hostile_requests_get_the_same_answer_at_the_edge_and_in_the_service(tmp_path):
    """Status and code do not depend on where the gate stands, and nothing more reaches the service."""
    told = {}
    for adapter in (gateway, asgi):
        store = Store()
        async with adapter(tmp_path / adapter.__name__, store) as gate:
            for name, head in HOSTILE.items():
                lines = f"{head}\r\nHost: shop.test\r\nConnection: close\r\n"
                if "Connection:" in head:
                    lines = f"{head}\r\nHost: shop.test\r\n"
                lines += f"Authorization: Bearer {token('ann')}\r\n\r\n"
                sent = b"5\r\nhello\r\n0\r\n\r\n" if "chunked" in head else b"hello"
                data = sent if "Content-Length" in head or "chunked" in head else b""
                raw = await send_bytes(gate.port, lines.encode() + data)
                status, _, answer = split(raw)
                code = json.loads(answer).get("code") if answer[:1] == b"{" else ""
                told.setdefault(name, []).append((status, code))
        told.setdefault("reached", []).append(store.log)
    different = {name: both for name, both in told.items() if both[0] != both[1]}
    assert different == {}


async def test_a_body_streams_through_within_its_limit(tmp_path):
    """What no rule reads is handed on in pieces; one byte too many is the client's refusal."""
    heard = []

    async def app(_scope, receive, send):
        while True:
            message = await receive()
            heard.append(message)
            if message["type"] != "http.request" or not message["more_body"]:
                break
        await send(start())
        await send(body(b"%d" % len(heard)))

    async with guarded(tmp_path, app, small=True) as (yett, sink):
        told = form(target="/upload", headers=[(b"transfer-encoding", b"chunked")])
        client = await visit(yett, b"a" * 50, b"b" * 50, **told)
        assert client.status == 200
        client = await visit(yett, b"a" * 50, b"b" * 51, **told)
        assert (client.status, client.code) == (413, "body-too-large")
        assert sink.events[-1].code == "body-too-large"


async def test_a_body_in_http2_needs_no_field(tmp_path):
    """Whether there is one shows in the first message: none for a GET, a whole one for a POST."""
    app = answers(start(), body(b"x"), reads=True)
    async with guarded(tmp_path, app, small=True) as (yett, sink):
        assert (await visit(yett, target="/echo", http_version="2")).status == 200
        client = await visit(yett, b"hi", target="/echo", http_version="2")
        assert client.code == "body-not-declared"
        assert (await visit(yett, b"h", b"i", **form(), http_version="2")).status == 200
        assert sink.events[-1].bytes_in == 2
        client = await visit(yett, b"h" * 60, b"i" * 60, **form(), http_version="2")
        assert client.code == "body-too-large"


async def test_a_query_is_filtered_for_the_caller_of_the_scope(tmp_path):
    """`yett.allowed` takes what the middleware put there: the rules, the contract, the caller."""

    class Base(DeclarativeBase):
        pass

    class Booking(Base):
        __tablename__ = "bookings"
        id: Mapped[int] = mapped_column(primary_key=True)
        customer: Mapped[str]
        status: Mapped[str]
        price: Mapped[int]

    found = []

    async def app(told, receive, send):
        found.append(allowed("listBookings", Booking, told["yett"]))
        await answers(start(200, JSON), body(b'{"items":[],"total":0}'))(told, receive, send)

    async with guarded(tmp_path, app) as (yett, _sink):
        assert (await visit(yett, target="/bookings", who="ann")).status == 200
    condition = found[0].compile()
    assert [*condition.params.values()] == ["1"]
    assert "bookings.customer" in str(condition)
