"""The edge behind TLS: what differs from plain sockets (test_connection.py has the rest)."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme
from kit.gateway import running, split


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


async def ask(gateway, authority, raw, *, wait=5.0):
    """Serve the gateway's protocol over TLS too, send, and read until it ends."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    server = await asyncio.get_running_loop().create_server(
        gateway.gate.protocol, "127.0.0.1", 0, ssl=server_side
    )
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=client_side, server_hostname="localhost"
    )
    try:
        writer.write(raw)
        return await asyncio.wait_for(reader.read(), wait)
    finally:
        writer.transport.abort()
        server.close()


async def test_a_secure_hop_is_told_on_and_answered_with_hsts(authority):
    """The upstream hears `https`, the client gets Strict-Transport-Security."""
    async with running() as gateway:
        raw = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        status, headers, body = split(await ask(gateway, authority, raw))
        assert (status, body) == (200, b"ok")
        assert b"strict-transport-security" in headers
        assert b"x-forwarded-proto: https\r\n" in gateway.upstream.bytes


async def test_a_refusal_arrives_although_the_body_is_still_coming(authority):
    """A 413 over TLS is read whole by a client that goes on sending."""
    async with running() as gateway:
        raw = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)
        answer = await ask(gateway, authority, raw)
        status, headers, body = split(answer)
        assert status == 413
        assert len(body) == int(headers[b"content-length"])


async def test_garbage_over_tls_is_refused(authority):
    """Malformed heads are refused over TLS as they are in the clear."""
    async with running() as gateway:
        assert split(await ask(gateway, authority, b"GARBAGE\r\n\r\n"))[0] == 400
