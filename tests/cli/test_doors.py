"""The doors of a worker: what is opened for which sockets, and where each of them leads."""

from __future__ import annotations

import asyncio
import time

import pytest
from kit.authority import Authority
from kit.gateway import running, split

from yett.cli.doors import Sockets, open_doors, take_refused
from yett.contract.config import TlsConfig
from yett.wire.listen import Address, bind
from yett.wire.tls import Tls

CA = Authority()
ASK = b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def listening():
    (one,) = bind(Address("127.0.0.1", 0), count=1, setting="x")
    return one


def port_of(sock):
    return sock.getsockname()[1]


async def ask(port, context=None):
    """The status; 0 when there is no answer."""
    name = "localhost" if context else None
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name
    )
    try:
        writer.write(ASK)
        answer = await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return 0
    finally:
        writer.transport.abort()
    return split(answer)[0] if answer else 0


@pytest.fixture
def tls(tmp_path):
    CA.server().put(tmp_path)
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    config = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem", mutual="127.0.0.1:0")
    return Tls(config, tmp_path, time.time())


def test_the_sockets_that_there_are():
    """What a worker keeps open is what it serves."""
    one, two = object(), object()
    assert Sockets(one).all() == (one,)
    assert Sockets(one, None, two).all() == (one, two)


async def test_a_plain_gate_has_one_door():
    """Without TLS nothing but the gate listens."""
    sock = listening()
    async with running() as gateway:
        (door,) = await open_doors(Sockets(sock), gateway.gate, None, 0)
        assert await ask(port_of(sock)) == 200
        door.close()


async def test_each_door_has_its_policy(tls, tmp_path):
    """Anybody, the certified alone, and a redirect to the first."""
    sockets = Sockets(listening(), listening(), listening())
    first, plain, second = (port_of(one) for one in sockets.all())
    anybody = CA.client(tmp_path)
    certified = CA.client(tmp_path, CA.issue("dns:a.example"))
    async with running() as gateway:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        doors = await open_doors(sockets, gateway.gate, tls, first)
        assert len(doors) == 3
        assert (await ask(first, anybody), await ask(second, anybody)) == (200, 0)
        assert (await ask(first, certified), await ask(second, certified)) == (200, 200)
        assert await ask(plain) == 308
        for door in doors:
            door.close()
        for port in (first, plain, second):
            with pytest.raises(OSError, match=r"Connect call failed|refused"):
                await ask(port)


async def test_refused_certificates_are_taken_out_once(tls, tmp_path):
    """Of all doors together, by their reason; the next look begins anew."""
    sockets = Sockets(listening(), None, listening())
    stranger = CA.client(tmp_path, Authority("Other CA").issue("dns:a.example"))
    async with running() as gateway:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        doors = await open_doors(sockets, gateway.gate, tls, 0)
        assert await ask(port_of(sockets.mutual), stranger) == 0
        assert take_refused(doors) == {"unable to get local issuer certificate": 1}
        assert take_refused(doors) == {}
        for door in doors:
            door.close()
