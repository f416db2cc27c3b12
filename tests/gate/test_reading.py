"""Records read for a rule: what the service is asked, what counts as a record, and in what time."""

from __future__ import annotations

import asyncio
import json

import pytest
from kit.asking import reads, with_step
from kit.engine import ALICE, KEY, DictView, need, operation
from kit.gateway import OK, Recorder, complete, public, reset, running, split, takes_anything

from yett.contract.config import AuthzConfig
from yett.contract.model import SecurityScheme
from yett.credentials.verifier import Verified
from yett.engine.step import observing
from yett.gate.reading import read_block
from yett.terms import Secret
from yett.wire.tasks import running as tasks

RECORD = b'{"status":"draft"}'
TYPED = b"Content-Type: Application/JSON; charset=utf-8\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\n" + TYPED + b'ETag: "v1"\r\nContent-Length: 18\r\n\r\n' + RECORD
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody"


def guarded(step=None, **changes):
    """POST /x, which reads a record before it is forwarded."""
    one = public("POST", "/x", body=takes_anything, **changes)
    return one, with_step(step or reads())


class Scripted(Recorder):
    """Answers each head with the next of the given raw answers, OK after the last.

    None closes the connection without a word, an Event holds the answer until it is set.
    """

    def __init__(self, *answers):
        super().__init__()
        self.answers = list(answers)
        self.heads = []

    async def _answer_all(self, seen, reader, writer):
        pending = b""
        while data := await reader.read(1 << 16):
            seen += data
            pending += data
            while (end := complete(pending)) is not None:
                self.heads.append(pending[:end])
                pending = pending[end:]
                answer = self.answers.pop(0) if self.answers else OK
                if isinstance(answer, asyncio.Event):
                    await answer.wait()
                    answer = OK
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer:
                    return


def fields(head):
    block = head.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return dict(line.split(b": ", 1) for line in block)


async def ask(gateway, raw=POST):
    status, headers, body = split(await gateway.send(raw))
    return status, (json.loads(body).get("code") if status >= 400 and body else None)


def ends(reads_seen, writes=1):
    """The request lines that reached the service."""
    return [b"GET /record HTTP/1.1"] * reads_seen + [b"POST /x HTTP/1.1"] * writes


def lines(upstream):
    return [head.split(b"\r\n")[0] for head in upstream.heads]


async def test_the_record_is_read_before_the_write_and_given_whole():
    """The rule gets status, type, tag and body; then the write goes out, on the same connection."""
    got = []
    one, rework = guarded(reads(then=lambda x, read: got.append(read)))
    async with running(one, rework=rework, upstream=Scripted(WHOLE)) as gateway:
        assert (await ask(gateway))[0] == 200
        assert lines(gateway.upstream) == ends(1)
        assert len(gateway.upstream.seen) == 1
    assert [(r.status, r.media_type, r.etag, r.body) for r in got] == [
        (200, "application/json", b'"v1"', RECORD)
    ]


async def test_a_read_asks_for_the_record_as_it_is_now():
    """No condition, range, coding, cached copy, body or upgrade of the client goes along; who it is does."""
    stranger = (
        b'If-None-Match: "v1"\r\nIf_Match: *\r\nRange: bytes=0-1\r\n'
        b'If-Range: "v1"\r\nAccept: text/html\r\naccept_encoding: br\r\n'
        b"Cache-Control: max-stale=9999\r\nPragma: x\r\nPrefer: return=minimal\r\nTE: trailers\r\n"
        b"Upgrade: h2c\r\nIdempotency-Key: k\r\nWant-Digest: sha-256\r\nContent-Language: de\r\n"
        b"If-Modified-Since: x\r\nIf-Unmodified-Since: x\r\nDigest: x\r\n"
    )
    own = b"Authorization: Bearer t\r\nCookie: sid=1\r\nX-Tenant: t1\r\nAccept-Language: de\r\n"
    one, rework = guarded()
    async with running(one, rework=rework, upstream=Scripted(WHOLE)) as gateway:
        raw = POST.replace(b"Host: a\r\n", b"Host: a\r\n" + stranger + own)
        assert (await ask(gateway, raw))[0] == 200
        read, write = gateway.upstream.heads
    found = fields(read)
    for name in (
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "via",
        "yett-request-id",
    ):
        assert found.pop(name.encode()) == fields(write)[name.encode()]
    assert found.pop(b"host").startswith(b"127.0.0.1:")
    assert found == {
        b"accept": b"application/json",
        b"accept-encoding": b"identity",
        b"cache-control": b"no-cache",
        b"authorization": b"Bearer t",
        b"cookie": b"sid=1",
        b"x-tenant": b"t1",
        b"accept-language": b"de",
    }
    assert read.endswith(b"\r\n\r\n")
    assert write.endswith(b"\r\n\r\nbody")


UNREADABLE = {
    "a part": b"HTTP/1.1 206 Partial\r\nContent-Length: 2\r\n\r\n{}",
    "a coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "two codings": b"HTTP/1.1 200 OK\r\nContent-Encoding: identity, br\r\nContent-Length: 2\r\n\r\n{}",
    "too long": b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,
    "too long, in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1f4\r\n%b\r\n" % (b"x" * 500) * 3
    + b"0\r\n\r\n",
    "too long, to the end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 2000,
    "broken off": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\n{}",
    "no HTTP": b"SSH-2.0-OpenSSH Connection: close\r\n\r\n",
    "two framings": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: close\r\n\r\n{}",
    "another protocol": b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=list(UNREADABLE))
async def test_what_is_not_the_whole_record_is_none(answer):
    """A part, a coding, too much, a truncation: 502, nothing is forwarded, the next one is served."""
    one, rework = guarded()
    async with running(one, rework=rework, upstream=Scripted(answer, WHOLE)) as gateway:
        assert await ask(gateway) == (502, "record-unreadable")
        assert lines(gateway.upstream) == ends(1, 0)
        assert (await ask(gateway))[0] == 200
        assert lines(gateway.upstream) == ends(1, 0) + ends(1)


async def test_a_weak_tag_or_two_are_no_condition():
    """What `If-Match` could not compare strongly is not given as a tag."""
    for tags in (b'ETag: W/"v1"\r\n', b'ETag: "a"\r\nETag: "b"\r\n', b"ETag: v1\r\n", b""):
        got = []
        one, rework = guarded(reads(then=lambda x, read, got=got: got.append(read.etag)))
        answer = b"HTTP/1.1 404 No\r\n%bContent-Length: 2\r\n\r\n{}" % tags
        async with running(one, rework=rework, upstream=Scripted(answer)) as gateway:
            assert (await ask(gateway))[0] == 200
        assert got == [b""]


async def test_a_read_that_hangs_ends_with_the_operations_time():
    """The read and the write share one budget: 504, the read is given up, nothing is forwarded."""
    never = asyncio.Event()
    one, rework = guarded(timeout=0.3)
    async with running(one, rework=rework, upstream=Scripted(never)) as gateway:
        assert await ask(gateway) == (504, "upstream-timeout")
        assert lines(gateway.upstream) == ends(1, 0)
        event = gateway.sink.events[-1]
        assert (event.step, event.code) == (11, "upstream-timeout")
        pool = gateway.gate.current.pools["api"]
        assert not pool._links, "a connection inside an answer is not pooled"
        never.set()


async def test_a_slow_read_leaves_the_write_what_is_left():
    """The write ends when the read would have had to: the operation's time is not given twice."""
    slow, never = asyncio.Event(), asyncio.Event()
    one, rework = guarded(timeout=60.0)
    async with running(one, rework=rework, upstream=Scripted(slow, never)) as gateway:
        asking = asyncio.ensure_future(ask(gateway))
        due = []
        for number, event in enumerate((slow, never), 1):
            while len(gateway.upstream.heads) < number:
                await asyncio.sleep(0.3)  # longer than a tick of the gate's clock
            due.append(next(iter(gateway.gate.connections)).deadline)
            event.set()
        assert (await asking)[0] == 200
        assert due[0] == due[1]


async def test_observing_changes_nothing_when_a_read_fails():
    """A rule that only observes is recorded, and the write has its whole time."""
    never = asyncio.Event()
    one, rework = guarded(observing(reads()), timeout=0.3)
    async with running(one, rework=rework, upstream=Scripted(never)) as gateway:
        upstream = gateway.upstream
        assert (await ask(gateway))[0] == 200
        assert lines(upstream) == ends(1)
        assert gateway.sink.events[-1].observed == ("upstream-timeout",)
        never.set()


async def test_a_stale_connection_is_tried_once_more():
    """A read on a pooled connection that closes without a word is sent again on a new one, once."""
    one, rework = guarded()
    async with running(one, rework=rework, upstream=Scripted(WHOLE, OK, None, WHOLE)) as gateway:
        assert (await ask(gateway))[0] == 200
        assert (await ask(gateway))[0] == 200
        assert lines(gateway.upstream) == ends(1) + ends(2)
    one, rework = guarded()
    async with running(one, rework=rework, upstream=Scripted(WHOLE, OK, None, None)) as gateway:
        assert (await ask(gateway))[0] == 200
        assert await ask(gateway) == (502, "record-unreadable")
        assert lines(gateway.upstream) == ends(1) + ends(2, 0)


async def test_an_unreachable_or_crowded_service_is_said_as_such():
    """A read that finds no connection is answered like a write that finds none."""
    one, rework = guarded()
    async with running(one, rework=rework) as gateway:
        gateway.upstream.server.close()
        await asyncio.sleep(0)
        for _ in range(4):  # refused, then ejected
            assert await ask(gateway) == (502, "upstream-unreachable")
    held = asyncio.Event()
    async with running(
        one, rework=rework, upstream=Scripted(held), upstream_connections=1, max_pending=1
    ) as gateway:
        asking = [asyncio.ensure_future(ask(gateway)) for _ in range(3)]
        done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        assert done.pop().result() == (503, "temporary-reduced-capacity")
        held.set()
        await asyncio.wait(asking)


async def test_a_client_that_leaves_stops_the_read():
    """The service's connection is let go, one event is recorded, nothing is forwarded."""
    held = asyncio.Event()
    one, rework = guarded()
    async with running(one, rework=rework, upstream=Scripted(held)) as gateway:
        _, writer = await gateway.connect()
        writer.write(POST)
        while not gateway.upstream.heads:
            await asyncio.sleep(0.01)
        reset(writer)
        while gateway.gate.connections or gateway.gate.current.pools["api"]._links:
            await asyncio.sleep(0.01)
        held.set()
        await asyncio.sleep(0.05)
        assert lines(gateway.upstream) == ends(1, 0)
        assert [event.status for event in gateway.sink.events] == [0]
        assert tasks() == ()


async def test_what_no_request_line_can_carry_is_not_asked():
    """A target that would split the request never leaves, whatever built it."""
    for target in ("/a b", "/a\r\nx: y", "record", "/ü", ""):
        one, rework = guarded(reads(target))
        async with running(one, rework=rework) as gateway:
            assert await ask(gateway) == (502, "record-unreadable")
            assert gateway.upstream.bytes == b""
    one, rework = guarded(reads(upstream="other"))
    async with running(one, rework=rework) as gateway:
        assert await ask(gateway) == (502, "record-unreadable")


def keyed():
    """POST /x behind an API key, with a view that knows it."""
    view = DictView()
    view.tokens[b"secret-key"] = Verified(ALICE)
    one = operation("POST", "/x", security=need(KEY, "read"), body=takes_anything)
    return (
        one,
        view,
        POST.replace(b"Host: a\r\n", b"Host: a\r\nX-API-Key: secret-key\r\nCookie: a=b\r\n"),
    )


async def test_a_service_account_reads_without_the_callers_credentials():
    """With `read_as` its token is all that goes along, on the read alone; a rotated one is used."""
    one, view, raw = keyed()
    token = Secret(b"service-1")
    authz = AuthzConfig(read_as="token")
    async with running(
        one, rework=with_step(reads()), view=view, authz=authz, bearer=lambda: token,
        upstream=Scripted(WHOLE, OK, WHOLE),
    ) as gateway:  # fmt: skip
        assert (await ask(gateway, raw))[0] == 200
        token = Secret(b"service-2")
        assert (await ask(gateway, raw))[0] == 200
        first, write, second, _ = [fields(head) for head in gateway.upstream.heads]
        assert first[b"authorization"] == b"Bearer service-1"
        assert second[b"authorization"] == b"Bearer service-2"
        for found in (first, second):
            assert b"x-api-key" not in found
            assert b"cookie" not in found
        assert write[b"x-api-key"] == b"secret-key"
        assert b"authorization" not in write
        assert b"service-1" not in repr(gateway.sink.events).encode()


async def test_no_token_no_read():
    """Where the token of `read_as` is gone, nothing is read with somebody else's."""
    one, view, raw = keyed()
    authz = AuthzConfig(read_as="token")
    async with running(one, rework=with_step(reads()), view=view, authz=authz) as gateway:
        assert await ask(gateway, raw) == (502, "record-unreadable")
        assert gateway.upstream.bytes == b""


async def test_what_is_about_the_caller_is_read_as_the_caller():
    """`own` keeps the caller's credential: a service account would be told about itself."""
    one, view, raw = keyed()
    authz = AuthzConfig(read_as="token")
    async with running(
        one, rework=with_step(reads(own=True)), view=view, authz=authz,
        bearer=lambda: Secret(b"service-1"), upstream=Scripted(WHOLE),
    ) as gateway:  # fmt: skip
        assert (await ask(gateway, raw))[0] == 200
        found = fields(gateway.upstream.heads[0])
        assert found[b"x-api-key"] == b"secret-key"
        assert b"authorization" not in found


def test_every_place_of_a_credential_is_left_out():
    """Headers of all declared schemes go, in any spelling, when another's token reads."""
    schemes = (
        SecurityScheme(name="a", type="apiKey", location="header", parameter="X-Key"),
        SecurityScheme(name="b", type="apiKey", location="query", parameter="key"),
    )
    block = b"x-key: 1\r\nx_key: 2\r\nauthorization: Basic x\r\ncookie: s=1\r\nkey: stays\r\n"
    found = read_block(block, Secret(b"t"), schemes)
    assert found.endswith(b"authorization: Bearer t\r\n")
    assert found.startswith(b"key: stays\r\naccept: application/json\r\n")
    assert found.count(b"\r\n") == 5


def test_a_credential_that_nobody_verified_is_no_part_of_a_read():
    """A service must not find the record of whom a forged token names."""
    block = b"authorization: Bearer forged\r\nx_api-key: made up\r\nx-note: a\r\n"
    found = read_block(block, None, (), frozenset({b"authorization", b"x-api-key"}))
    assert b"forged" not in found
    assert b"made up" not in found
    assert b"x-note: a\r\n" in found
