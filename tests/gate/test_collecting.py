"""Step 14 at the edge: answers collected whole, written anew, refused, or let by unread."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest
from kit.gateway import OPEN, Recorder, public, reset, running, split, takes_anything

from yett.contract.config import AuthzConfig
from yett.policy.model import Declared
from yett.terms import Mode

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n"
SECRET = b'{"a": 1, "secret": 2}'
SMALL = AuthzConfig(max_checked=1000)


def keep_a(value):
    """What the contract declares is `a`; everything else is left out."""
    lost = tuple(f"/{name}" for name in value if name != "a")
    for name in list(value):
        if name != "a":
            del value[name]
    return value, lost


def declared(method="GET", mode=Mode.ENFORCE, keep=keep_a, **changes):
    """An operation whose 200 declares `a` alone."""
    modes = OPEN | {"response_fields": mode}
    fields = {"declared": Declared({"200": keep}), "modes": modes} | changes
    return public(method, "/x", **fields)


def say(body, *lines, status=200, framing=None):
    """A raw answer with one length, or in other framing."""
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n" % status
    head += b"".join(line + b"\r\n" for line in lines)
    return (
        head
        + (b"Content-Length: %d" % len(body) if framing is None else framing)
        + b"\r\n\r\n"
        + body
    )


def chunked(body, size):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def drip(raw, step=1):
    """An upstream that answers in pieces."""

    async def answer(reader, writer, first):
        for at in range(0, len(raw), step):
            writer.write(raw[at : at + step])
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    return answer


FRAMINGS = {
    "a length": say(SECRET),
    "chunks": say(chunked(SECRET, 3), framing=b"Transfer-Encoding: chunked"),
    "chunks with trailers": say(
        chunked(SECRET, 5)[:-2] + b"Content-Digest: x\r\nX-Trailer: y\r\n\r\n",
        framing=b"Transfer-Encoding: chunked\r\nTrailer: Content-Digest",
    ),
    "the end": say(SECRET, framing=b"Connection: close"),
}


@pytest.mark.parametrize("raw", FRAMINGS.values(), ids=list(FRAMINGS))
async def test_an_answer_is_written_anew_with_its_own_length(raw):
    """However it was framed and cut, the client gets what is left, with that length."""
    for answer in (raw if b"close" not in raw else drip(raw, len(raw)), drip(raw)):
        async with running(declared(), answer=answer) as gateway:
            status, headers, body = split(await gateway.send(GET))
            assert (status, body) == (200, b'{"a":1}')
            assert headers[b"content-length"] == b"7"
            assert b"transfer-encoding" not in headers
            assert b"trailer" not in headers
            assert b"x-trailer" not in headers
            event = gateway.sink.events[-1]
            assert (event.status, event.upstream_status, event.bytes_out) == (200, 200, 7)


async def test_a_changed_body_takes_its_description_along():
    """Digests, signatures, totals and ranges of another body go; the tag and the rest stay."""
    gone = (
        b"content-md5 digest content-digest repr-digest signature signature-input content-range "
        b"x-total-count accept-ranges"
    ).split()
    kept = {b"etag": b'"v1"', b"last-modified": b"x", b"link": b"y"}
    lines = [b"%b: 57" % name for name in gone] + [b"%b: %b" % pair for pair in kept.items()]
    async with running(declared(), answer=say(SECRET, *lines)) as gateway:
        _, headers, _ = split(await gateway.send(GET))
        assert not set(gone) & set(headers)
        assert kept.items() <= headers.items()
    async with running(declared(), answer=say(b'{"a": 1}', *lines)) as gateway:
        _, headers, body = split(await gateway.send(GET))
        assert body == b'{"a": 1}', "what is whole is not written anew"
        assert set(gone) - set(headers) == {b"accept-ranges"}, "no ranges are served here"


async def test_pipelined_answers_stay_apart():
    """Three requests on one connection get three answers, whole and in order."""
    async with running(declared(), answer=say(SECRET)) as gateway:
        answer = await gateway.send(GET * 3)
        assert answer.count(b'\r\n\r\n{"a":1}') == 3
        assert b"secret" not in answer
        assert len(gateway.upstream.seen) == 1, "a collected answer ends cleanly: pooled"


async def test_what_is_too_large_to_be_read_is_refused():
    """Beyond the bound, told by its length or found out on the way: 502, and not a byte of it."""
    large = json.dumps({"a": "x" * 2000}).encode()
    for raw in (say(large), say(chunked(large, 100), framing=b"Transfer-Encoding: chunked")):
        async with running(declared(), answer=raw, authz=SMALL) as gateway:
            status, _, body = split(await gateway.send(GET))
            assert status == 502
            assert json.loads(body)["code"] == "answer-uncheckable"
            assert b"xxx" not in body
            assert gateway.sink.events[-1].code == "answer-uncheckable"


async def test_what_is_withheld_is_recorded_as_refused():
    """An answer that may not leave is a refusal of step 14, not an allowed request."""
    async with running(declared(), answer=say(b"x" * 2000), authz=SMALL) as gate:
        await gate.send(GET)
        (event,) = gate.sink.events
    assert (event.verdict, event.step, event.code) == ("refuse", 14, "answer-uncheckable")
    assert event.upstream_status == 200


async def test_what_only_observes_lets_large_answers_by():
    """A rule in mode `observe` changes nothing: an answer too large to be read goes on as it is."""
    large = json.dumps({"a": "x" * 2000, "secret": "y" * 3000}).encode()
    for raw in (say(large), say(chunked(large, 100), framing=b"Transfer-Encoding: chunked")):
        async with running(declared(mode=Mode.OBSERVE), answer=raw, authz=SMALL) as gateway:
            status, headers, body = split(await gateway.send(GET))
            assert status == 200
            assert (large in body) or (large == _dechunk(body))
            assert gateway.sink.events[-1].bytes_out == len(large)


def _dechunk(body):
    found = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        found, body = found + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return found


async def test_what_only_observes_notes_and_changes_nothing():
    """The body goes on bytewise, and the record says what would have been left out."""
    async with running(declared(mode=Mode.OBSERVE), answer=say(SECRET)) as gateway:
        assert split(await gateway.send(GET))[2] == SECRET
        assert gateway.sink.events[-1].observed == ("answer-undeclared",)


async def test_an_answer_no_rule_reads_is_streamed():
    """A status or media type without a rule goes on as it comes, before it is whole."""
    started = asyncio.Event()

    async def answer(reader, writer, first):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 6\r\n\r\nabc")
        await writer.drain()
        await started.wait()
        writer.write(b"def")
        await writer.drain()
        await reader.read()

    async with running(declared(), answer=answer) as gateway:
        reader, writer = await gateway.connect()
        writer.write(GET)
        head = await asyncio.wait_for(reader.readuntil(b"abc"), 5)
        assert b"content-length: 6" in head
        started.set()
        assert await asyncio.wait_for(reader.readexactly(3), 5) == b"def"
        writer.close()


async def test_an_answer_that_breaks_off_is_not_given_at_all():
    """What could not be read whole is a 502 of the gate's own: nothing had left."""
    for raw in (
        say(SECRET, framing=b"Content-Length: 500"),
        say(chunked(SECRET, 5)[:-5], framing=b"Transfer-Encoding: chunked"),
    ):
        async with running(declared(), answer=drip(raw, len(raw))) as gateway:
            status, _, body = split(await gateway.send(GET))
            assert status == 502
            assert b"secret" not in body
            assert gateway.sink.events[-1].code == "upstream-broken"


async def test_a_coded_answer_is_not_let_through_unread():
    """A service that codes its answer unasked is refused: no rule could read it."""
    raw = say(gzip.compress(SECRET), b"Content-Encoding: gzip")
    async with running(declared(), answer=raw) as gateway:
        request = GET.replace(b"Host: a", b"Host: a\r\nAccept-Encoding: gzip\r\nRange: bytes=0-3")
        status, _, body = split(await gateway.send(request))
        assert (status, json.loads(body)["code"]) == (502, "answer-uncheckable")
        assert b"accept-encoding" not in gateway.upstream.bytes.lower()
        assert b"range:" not in gateway.upstream.bytes.lower()


async def test_a_part_of_an_answer_is_not_let_through_unread():
    """A 206 that nobody asked for shows a part that cannot be read."""
    raw = say(b'{"a": 1, "sec', b"Content-Range: bytes 0-12/21", status=206)
    keep = Declared({"2XX": keep_a})
    async with running(declared(declared=keep), answer=raw) as gateway:
        status, _, body = split(await gateway.send(GET))
        assert (status, json.loads(body)["code"]) == (502, "answer-uncheckable")


async def test_answers_without_a_body_stay_without_one():
    """204 has neither body nor length; 304 no body; HEAD the length of what a GET would show."""
    async with running(declared(), answer=b"HTTP/1.1 204 No\r\n\r\n") as gateway:
        answer = await gateway.send(GET * 2)
        assert answer.count(b"HTTP/1.1 204") == 2
        assert b"content-length" not in answer
    async with running(declared("HEAD"), answer=say(SECRET)) as gateway:
        answer = await gateway.send(HEAD * 2)
        assert answer.count(b"content-length: 7\r\n") == 2
        assert b"{" not in answer
    async with running(declared("HEAD"), answer=say(b"{}", status=404)) as gateway:
        answer = await gateway.send(HEAD * 2)
        assert answer.count(b"HTTP/1.1 404") == 2
        assert answer.endswith(b"\r\n\r\n")


async def test_a_head_of_what_is_too_large_has_no_body_either():
    """A HEAD whose GET would have been streamed unread ends at its head."""
    raw = say(b"x" * 3000, status=200).replace(b"application/json", b"image/png")
    async with running(declared("HEAD"), answer=raw, authz=SMALL) as gateway:
        answer = await gateway.send(HEAD * 2)
        assert answer.count(b"content-length: 3000\r\n") == 2
        assert b"xxx" not in answer


async def test_a_rule_that_raises_refuses():
    """A bug while an answer is released: 500, reported, and not a byte of the answer."""

    def broken(value):
        raise ZeroDivisionError

    async with running(declared(keep=broken), answer=say(SECRET)) as gateway:
        errors = []
        gateway.gate.on_error = errors.append
        status, _, body = split(await gateway.send(GET))
        assert (status, json.loads(body)["code"]) == (500, "internal-error")
        assert b"secret" not in body
        assert [type(error) for error in errors] == [ZeroDivisionError]


async def test_a_client_that_leaves_meanwhile():
    """The service is let go of, one record is written, nothing is decided any more."""
    held = asyncio.Event()

    async def answer(reader, writer, first):
        writer.write(say(SECRET)[:-5])
        await writer.drain()
        await held.wait()

    async with running(declared(), answer=answer) as gateway:
        _, writer = await gateway.connect()
        writer.write(GET)
        pool = gateway.gate.current.pools["api"]
        while not any(link.errand and link.errand.upstream_status for link in pool._links):
            await asyncio.sleep(0.01)
        reset(writer)
        while gateway.gate.connections:
            await asyncio.sleep(0.01)
        assert not pool._links
        assert [event.status for event in gateway.sink.events] == [0]
        held.set()


async def test_a_service_that_stops_in_the_middle_is_timed_out():
    """The operation's time counts for the whole answer: 504, and nothing of the part."""
    held = asyncio.Event()

    async def answer(reader, writer, first):
        writer.write(say(SECRET)[:-5])
        await writer.drain()
        await held.wait()

    async with running(declared(timeout=0.3), answer=answer) as gateway:
        status, _, body = split(await gateway.send(GET))
        assert (status, json.loads(body)["code"]) == (504, "upstream-timeout")
        assert b"secret" not in body
        held.set()


async def test_a_sensitive_answer_is_released_after_its_outcome():
    """Durable first, then read and released: the order of step 16 holds for collected answers."""
    kinds = []
    one = declared("POST", sensitive=True, body=takes_anything)
    async with running(one, answer=drip(say(SECRET), 7)) as gateway:
        order = gateway.sink

        async def durable(event):
            kinds.append(event.kind)
            await asyncio.sleep(0.05)
            return True

        order.durable = durable
        raw = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1"
        reader, writer = await gateway.connect()
        writer.write(raw)
        got = await asyncio.wait_for(reader.readuntil(b'{"a":1}'), 5)
        assert kinds == ["intent", "outcome"]
        assert b"secret" not in got
        writer.close()
    async with running(one, answer=say(SECRET)) as gateway:

        async def fails(event):
            return event.kind == "intent"

        gateway.sink.durable = fails
        status, _, body = split(await gateway.send(raw))
        assert (status, json.loads(body)["code"]) == (503, "not-recorded")


async def test_memory_is_bounded_however_many_answers_come():
    """Nothing is kept of an answer beyond the bound, also where the service goes on sending."""

    class Endless(Recorder):
        async def _answer_all(self, seen, reader, writer):
            await reader.read(1 << 16)
            writer.write(say(b"", framing=b"Transfer-Encoding: chunked"))
            while True:
                writer.write(chunked(b" " * 60_000, 60_000)[:-5])
                await writer.drain()

    async with running(declared(), upstream=Endless(), authz=SMALL) as gateway:
        answers = await asyncio.gather(*(gateway.send(GET) for _ in range(5)))
        assert {split(answer)[0] for answer in answers} == {502}
        assert not gateway.gate.current.pools["api"]._links
