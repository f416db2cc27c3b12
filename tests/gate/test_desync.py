"""The body of a refused request is never read as a request, however it comes and whoever refuses."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest
from kit.engine import need, operation
from kit.gateway import complete, public, running, takes_anything

from yett.policy.model import Fault

EVIL = b"GET /a/EVIL HTTP/1.1\r\nHost: a\r\n\r\n"
GOOD = b"GET /a/good HTTP/1.1\r\nHost: a\r\n\r\n"


def refuses(body, content_type):
    """A reader that lets no body through."""
    del body, content_type

    return Fault("malformed")


OPERATIONS = (
    public("GET", "/a/{id}"),
    public("POST", "/refused", body=refuses, max_body=100_000),
    public("POST", "/taken", body=takes_anything, max_body=100_000),
    public("POST", "/small", body=takes_anything, max_body=10),
    public("PUT", "/stream", stream_request=True, max_body=100_000),
    operation("POST", "/guarded", security=need(), body=takes_anything, max_body=100_000),
)
LINES = {
    "undeclared path": b"POST /nowhere",
    "undeclared method": b"DELETE /a/x",
    "undeclared body": b"GET /a/x",
    "no credential": b"POST /guarded",
    "too large": b"POST /small",
    "malformed body": b"POST /refused",
    "taken": b"POST /taken",
    "streamed": b"PUT /stream",
    "preflight": b"OPTIONS /a/x",
}
HEADS = {
    "plain": b"",
    "expect": b"Expect: 100-continue\r\n",
    "coded": b"Content-Encoding: gzip\r\n",
    "browser": b"Origin: https://x.test\r\nAccess-Control-Request-Method: GET\r\n",
    "upgrade": b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
}


def chunked(data, extension=b""):
    return b"%x%b\r\n%b\r\n0\r\n\r\n" % (len(data), extension, data)


BODIES = {
    "length": b"Content-Length: %d\r\n\r\n%b" % (len(EVIL), EVIL),
    "many": b"Content-Length: %d\r\n\r\n%b" % (len(EVIL) * 500, EVIL * 500),
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n" + chunked(EVIL),
    "extension": b"Transfer-Encoding: chunked\r\n\r\n" + chunked(EVIL, b";a=b"),
    "trailer": b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n",
    "broken chunks": b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + EVIL,
    "bad trailer": b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + EVIL,
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n%b" % (len(EVIL), EVIL),
    "both": b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(EVIL),
    "odd coding": b"Transfer-Encoding: x, chunked\r\n\r\n" + EVIL,
    "short": b"Content-Length: %d\r\n\r\n%b" % (len(EVIL) + 5, EVIL),
}


def requests_of(upstream):
    """The request lines that a strict service reads."""
    lines = []
    for seen in upstream.seen:
        data = bytes(seen)
        while data:
            lines.append(data.partition(b"\r\n")[0])
            end = complete(data)
            data = data[end:] if end else b""
    return lines


async def converse(gateway, raw, cuts):
    """Send in pieces, with time between them; answers what came back."""
    reader, writer = await gateway.connect()
    got = bytearray()

    async def collect():
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                got.extend(data)

    collecting = asyncio.ensure_future(collect())
    with contextlib.suppress(ConnectionError, RuntimeError):
        for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            writer.write(raw[start:end])
            await writer.drain()
            await asyncio.sleep(0.001)
        writer.write_eof()
    await asyncio.wait_for(collecting, 10)
    writer.transport.abort()
    return bytes(got)


@pytest.mark.parametrize("name", LINES)
async def test_no_body_becomes_a_request(name):
    """For every kind of refusal, field, framing and cut: the service never sees what is inside."""
    rng = random.Random(name)
    async with running(*OPERATIONS) as gateway:
        for fields in HEADS.values():
            for framing in BODIES.values():
                raw = LINES[name] + b" HTTP/1.1\r\nHost: a\r\n" + fields + framing + GOOD
                tries = [[], [len(raw) - len(GOOD)], [raw.index(b"\r\n\r\n") + 4]]
                tries.append(sorted(rng.sample(range(1, len(raw)), 3)))
                for cuts in tries:
                    got = await converse(gateway, raw, cuts)
                    assert b"HTTP/1.1 5" not in got, (fields, framing, cuts, got)
                    lines = requests_of(gateway.upstream)
                    assert not any(b"EVIL" in line for line in lines), (fields, framing, cuts)
                    finals = got.count(b"HTTP/1.1 ") - got.count(b"HTTP/1.1 100")
                    assert finals <= 2, (fields, framing, cuts, got)
