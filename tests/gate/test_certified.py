"""Clients with certificates at the edge: over real handshakes, and while a connection lasts."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_network

import pytest
from kit.authority import DAY, Authority
from kit.gateway import running, split
from msgspec.structs import replace

from yett.contract.config import TlsConfig
from yett.gate.certified import Certified
from yett.wire import certificate
from yett.wire.certificate import thumbprint
from yett.wire.tls import Tls

CA, OTHER = Authority("Test CA"), Authority("Other CA")
CONFIG = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem", crl="crl.pem")
ASK = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


class Edge:
    """A running gate behind TLS that certifies its clients."""

    def __init__(self, gateway, tls, port, folder):
        self.gateway, self.tls, self.port, self.folder = gateway, tls, port, folder
        self.gate = gateway.gate

    async def connect(self, leaf=None):
        context = CA.client(self.folder, leaf)
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=context, server_hostname="localhost"
        )

    def revoke(self, *issued):
        (self.folder / "crl.pem").write_bytes(CA.revoke(*issued))
        self.tls.reload(time.time())
        return self.gate.certified.look(time.time())


@pytest.fixture
async def edge(tmp_path):
    CA.server().put(tmp_path)
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    (tmp_path / "crl.pem").write_bytes(CA.revoke())
    tls = Tls(CONFIG, tmp_path, time.time())
    async with running() as gateway:
        gateway.gate.certified = Certified(tls.objection)
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        server = await asyncio.get_running_loop().create_server(
            gateway.gate.protocol, "127.0.0.1", 0, ssl=tls.context
        )
        yield Edge(gateway, tls, server.sockets[0].getsockname()[1], tmp_path)
        server.close()


async def answered(reader, writer):
    """Ask once; the status, or 0 when the connection is gone."""
    try:
        writer.write(ASK)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), 10)
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0
    return split(head)[0]


async def is_gone(reader):
    try:
        return await asyncio.wait_for(reader.read(1), 10) == b""
    except ConnectionError:
        return True


async def test_the_certificate_is_read_once_a_connection(edge, monkeypatch):
    """However many requests come over it, and it is what the client has shown."""
    reads = []
    real = certificate.read_certificate

    def counted(der):
        reads.append(der)
        return real(der)

    monkeypatch.setattr("yett.gate.certified.read_certificate", counted)
    leaf = CA.issue("dns:a.example")
    reader, writer = await edge.connect(leaf)
    assert [await answered(reader, writer) for _ in range(3)] == [200] * 3
    assert reads == [leaf.der]
    (held,) = edge.gate.connections
    assert held.certificate.thumbprint == thumbprint(leaf.der)
    assert held.certificate.names == ("dns:a.example", "dn:CN=client")
    writer.close()


async def test_a_revoked_client_is_cut_off(edge):
    """Its open connection ends when the list is taken, others stay, and it does not come back."""
    good, gone = CA.issue(), CA.issue()
    kept, cut = await edge.connect(good), await edge.connect(gone)
    assert [await answered(*one) for one in (kept, cut)] == [200, 200]
    assert edge.revoke(gone) == {"it was revoked": 1}
    assert await is_gone(cut[0])
    assert await answered(*cut) == 0
    assert await answered(*kept) == 200
    again = await edge.connect(gone)  # TLS 1.3: the client hears of it when it reads
    assert await answered(*again) == 0
    assert edge.gate.certified.look(time.time()) == {}


async def test_a_request_under_way_ends_with_the_revocation(edge):
    """What a revoked client is being answered does not reach it any more."""
    gone = CA.issue()
    reader, writer = await edge.connect(gone)
    edge.gateway.upstream.answer = _never
    writer.write(ASK)
    while not edge.gateway.upstream.bytes:
        await asyncio.sleep(0.01)
    assert edge.revoke(gone) == {"it was revoked": 1}
    assert await is_gone(reader)
    while not edge.gateway.sink.events:
        await asyncio.sleep(0.01)
    assert len(edge.gateway.sink.events) == 1


async def _never(_reader, _writer, _data):
    await asyncio.sleep(60)


async def test_an_expired_client_may_finish(edge):
    """What is under way is answered, then the connection is closed; an idle one is closed now."""
    leaf = CA.issue(ends=DAY)
    idle, busy = await edge.connect(leaf), await edge.connect(leaf)
    assert await answered(*idle) == 200
    release = asyncio.Event()

    async def later(_reader, writer, _data):
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    before = len(edge.gateway.upstream.bytes)
    edge.gateway.upstream.answer = later
    for pool in edge.gate.current.pools.values():
        pool.close()  # its idle connection has the recorder's other answer
    busy[1].write(ASK + ASK)
    while len(edge.gateway.upstream.bytes) == before:
        await asyncio.sleep(0.01)
    edge.tls.trust = replace(edge.tls.trust, revoked=None)  # the list would be over as well
    assert edge.gate.certified.look(time.time() + 100_000) == {"it has expired": 2}
    assert await is_gone(idle[0])
    release.set()
    answer = await asyncio.wait_for(busy[0].read(), 10)
    assert split(answer)[0] == 200
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_an_authority_that_is_taken_away_ends_its_connections(edge):
    """Whoever it may have certified comes again, and is looked at anew."""
    reader, writer = await edge.connect(CA.issue())
    assert await answered(reader, writer) == 200
    (edge.folder / "ca.pem").write_bytes(OTHER.pem)
    (edge.folder / "crl.pem").write_bytes(OTHER.revoke())
    edge.tls.reload(time.time())
    found = edge.gate.certified.look(time.time())
    assert found == {"an authority of its time was taken away": 1}
    assert await is_gone(reader)


async def test_a_handshake_that_a_revocation_overtook_is_not_served(edge, monkeypatch):
    """It began under the old list and ends under the new one."""
    leaf = CA.issue()
    monkeypatch.setattr(
        edge.gate.certified, "_objection", lambda *_: "it was revoked", raising=True
    )
    assert await answered(*await edge.connect(leaf)) == 0
    assert not edge.gate.connections
    assert edge.gate.sources.enter("127.0.0.1", 1)


async def test_a_certificate_that_cannot_be_read_is_not_served(edge):
    """OpenSSL takes a host name with a space; whoever compares names could be misled."""
    reader, writer = await edge.connect(CA.issue("dns:a b.example"))
    assert await answered(reader, writer) == 0


async def test_a_proxy_lends_nobody_its_certificate(edge):
    """Who comes through a trusted proxy is not the proxy; it is cut off as anybody, though."""
    gate = edge.gate
    everybody = (ip_network("127.0.0.0/8"),)
    gate.current = replace(gate.current, settings=replace(gate.current.settings, trusted=everybody))
    leaf = CA.issue()
    reader, writer = await edge.connect(leaf)
    assert await answered(reader, writer) == 200
    (held,) = edge.gate.connections
    assert held.certificate is None
    assert edge.revoke(leaf) == {"it was revoked": 1}
    assert await is_gone(reader)
