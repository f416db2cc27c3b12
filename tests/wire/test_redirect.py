"""The plain listener redirects to names of the certificate, and to nothing else."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.wire import redirect
from yett.wire.redirect import Redirect, answer, covers

NAMES = frozenset({"api.example.com", "*.shop.example.com", "192.0.2.7", "2001:db8::1"})


def head(host=b"api.example.com", target=b"/a?b=c", method=b"GET", extra=b""):
    return b"%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (method, target, host, extra)


@pytest.mark.parametrize(
    ("host", "port", "location"),
    [
        (b"api.example.com", 443, b"https://api.example.com/a?b=c"),
        (b"API.Example.Com:80", 443, b"https://api.example.com/a?b=c"),
        (b"api.example.com", 8443, b"https://api.example.com:8443/a?b=c"),
        (b"eu.shop.example.com", 443, b"https://eu.shop.example.com/a?b=c"),
        (b"192.0.2.7:8080", 443, b"https://192.0.2.7/a?b=c"),
        (b"[2001:db8::1]", 8443, b"https://[2001:db8::1]:8443/a?b=c"),
    ],
)
def test_a_named_host_is_redirected(host, port, location):
    """308 keeps method and target, closes, and carries no HSTS."""
    response = answer(head(host, method=b"POST"), NAMES, port)
    assert response.startswith(b"HTTP/1.1 308 Permanent Redirect\r\n")
    assert b"\r\nLocation: " + location + b"\r\n" in response
    assert b"\r\nConnection: close\r\n" in response
    assert b"strict-transport" not in response.lower()


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"api.example.com.evil.example",
        b"a.b.shop.example.com",
        b"shop.example.com",
        b".shop.example.com.",
        b"192.0.2.8",
    ],
)
def test_a_strange_host_is_never_reflected(host):
    """A host outside the certificate gets 421 without a Location (CWE-601)."""
    response = answer(head(host), NAMES, 443)
    assert response.startswith(b"HTTP/1.1 421 ")
    assert b"ocation" not in response
    assert host not in response


@pytest.mark.parametrize(
    "request_head",
    [
        head(b""),
        head(b"api.example.com@evil.example"),
        head(b"api.example.com/evil"),
        head(b"api.example.com, evil.example"),
        head(b"api.example.com:x"),
        head(b"api.example.com\tx"),
        head(extra=b"Host: api.example.com\r\n"),
        head(extra=b"host : api.example.com\r\n"),
        head(extra=b"X: a\r\n b\r\n"),
        head(extra=b"X: a\rb\r\n"),
        head(extra=b"X: a\nHost: evil\r\n"),
        head(target=b"//evil.example/\\"),
        head(target=b"http://evil.example/"),
        head(target=b"evil.example"),
        head(target=b"/a b"),
        head(target=b"/\xff"),
        head(target=b"/#f"),
        head(method=b"get"),
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: api.example.com\r\n\r\n",
        b"GET /xHTTP/1.1\r\nHost: api.example.com\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_two_readings_are_refused(request_head):
    """A head that is not well-formed in one way is answered 400 and nothing of it comes back."""
    assert answer(request_head, NAMES, 443) == redirect._BAD_REQUEST


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_no_bytes_make_a_foreign_location(target, host):
    """Whatever target and host say, a Location names a host of the certificate or is absent."""
    response = answer(head(host, target), NAMES, 443)
    assert response.count(b"\r\n\r\n") == 1
    assert response.endswith(b"\r\n\r\n")
    for line in response.split(b"\r\n"):
        if line.startswith(b"Location: "):
            authority = line[len(b"Location: https://") :].partition(b"/")[0].decode()
            assert covers(NAMES, authority)


class Wire:
    """A redirect listener and a client's view of it."""

    def __init__(self):
        self.open_now = set()

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: Redirect(lambda: NAMES, 443, self.open_now), "127.0.0.1", 0
        )
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        await self.server.wait_closed()

    async def send(self, *parts):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        except ConnectionError:
            return b""
        finally:
            writer.close()


async def test_whole_and_byte_by_byte_are_the_same():
    """The answer does not depend on how the head was cut, nor on what follows it."""
    async with Wire() as wire:
        whole = await wire.send(head())
        pieces = await wire.send(*(head()[i : i + 1] for i in range(len(head()))))
        assert whole == pieces == answer(head(), NAMES, 443)
        assert (await wire.send(head() + head(b"evil.example"))).count(b"HTTP/1.1") == 1
    assert wire.open_now == set()


async def test_a_head_without_end_is_bounded():
    """More than the cap is answered 431 and closed."""
    async with Wire() as wire:
        answered = await wire.send(b"GET / HTTP/1.1\r\nX: ", b"a" * redirect.MAX_HEAD_BYTES)
        assert answered.startswith(b"HTTP/1.1 431 ")


async def test_a_slow_head_is_cut(monkeypatch):
    """A client that never ends its head loses the connection when the timer fires."""
    monkeypatch.setattr(redirect, "HEAD_TIMEOUT_SECONDS", 0.05)
    async with Wire() as wire:
        assert await wire.send(b"GET / HTTP/1.1\r\n") == b""
    assert wire.open_now == set()


async def test_connections_are_bounded(monkeypatch):
    """A connection beyond the bound is closed at once."""
    monkeypatch.setattr(redirect, "MAX_CONNECTIONS", 1)
    async with Wire() as wire:
        _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        await asyncio.sleep(0.01)
        assert await wire.send(head()) == b""
        writer.close()
