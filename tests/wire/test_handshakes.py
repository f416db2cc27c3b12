"""The TLS door bounds what a source may hold before it has shown that it speaks TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time

import pytest
import trustme
import uvloop
from kit.authority import DAY, Authority

from yett.contract.config import TlsConfig
from yett.gate.sources import Sources
from yett.wire import handshakes, tasks
from yett.wire.handshakes import TlsDoor
from yett.wire.listen import Address, bind
from yett.wire.tls import Tls

CA, ISSUER = trustme.CA(), Authority()


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def at_door(request, tmp_path):
    """Run `play(door, port, counts)` with an open door in a loop."""
    leaf = CA.issue_cert("localhost")
    leaf.private_key_pem.write_to_path(tmp_path / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    tls = Tls(TlsConfig(cert="cert.pem", key="key.pem"), tmp_path, time.time())
    (listening,) = bind(Address("127.0.0.1", 0), count=1, setting="x")

    def run(play):
        async def main():
            counts = Sources()
            port = listening.getsockname()[1]
            door = TlsDoor(listening, Echo, tls.context, counts, lambda s: s == "127.0.0.3")
            try:
                return await play(door, port, counts)
            finally:
                door.close()
                await tasks.stop_all()

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(main())

    yield run
    listening.close()


async def echo(port, source="127.0.0.1"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    CA.configure_trust(context)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost", local_addr=(source, 0)
    )
    writer.write(b"hello")
    answer = await asyncio.wait_for(reader.readexactly(5), 10)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return answer


async def is_closed(reader):
    try:
        return await asyncio.wait_for(reader.read(1), 10) == b""
    except ConnectionError:
        return True


def test_a_client_is_served(at_door):
    """A finished handshake leads to the protocol and no longer counts."""

    async def play(_door, port, counts):
        answers = [await echo(port) for _ in range(3)]
        assert counts.enter("127.0.0.1", 1)
        return answers

    assert at_door(play) == [b"hello"] * 3


def test_silent_connections_are_bounded_by_source(at_door, monkeypatch):
    """A source with too many unfinished handshakes gets no more; others and proxies are served."""
    monkeypatch.setattr(handshakes, "MAX_HANDSHAKES_PER_SOURCE", 4)

    async def play(_door, port, _counts):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await is_closed(reader)
        writer.close()
        assert await echo(port, "127.0.0.2") == b"hello"
        proxy = [
            await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.3", 0))
            for _ in range(5)
        ]
        assert await echo(port, "127.0.0.3") == b"hello"
        for _, other in proxy:
            other.close()
        for _, other in held:
            other.close()
        for _ in range(100):
            await asyncio.sleep(0.02)
            with contextlib.suppress(OSError):
                return await echo(port)
        return b""

    assert at_door(play) == b"hello"


def test_a_stalled_or_broken_handshake_is_let_go(at_door, monkeypatch):
    """Silence until the timer, and bytes that are no TLS, close the connection and its count."""
    monkeypatch.setattr(handshakes, "HANDSHAKE_TIMEOUT_SECONDS", 0.2)

    async def play(_door, port, counts):
        for said in (b"", b"GET / HTTP/1.1\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            with contextlib.suppress(TimeoutError, ConnectionError):
                await asyncio.wait_for(reader.read(), 10)
            writer.close()
        for _ in range(100):
            if counts.enter("127.0.0.1", 1):
                return True
            await asyncio.sleep(0.02)
        return False

    assert at_door(play)


def test_a_refused_certificate_is_counted(at_door, tmp_path):
    """By its reason; handshakes that fail for others are nobody's news."""
    (tmp_path / "ca.pem").write_bytes(ISSUER.pem)
    config = TlsConfig(cert="cert.pem", key="key.pem", client_ca="ca.pem")
    tls = Tls(config, tmp_path, time.time())
    expired = ISSUER.issue(begins=-2 * DAY, ends=-DAY)

    async def play(door, port, _counts):
        door._context = tls.context
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        context = ISSUER.client(tmp_path, expired)
        CA.configure_trust(context)
        for client in (context, context, None):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=client, server_hostname="localhost" if client else None
            )
            with contextlib.suppress(OSError):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                await asyncio.wait_for(reader.read(), 10)
            writer.close()
        return dict(door.refused)

    assert at_door(play) == {"certificate has expired": 2}


def test_a_closed_door_takes_nobody(at_door):
    """After `close` the port is free, and closing again is fine."""

    async def play(door, port, _counts):
        door.close()
        door.close()
        with pytest.raises(OSError, match=r"Connect call failed|refused"):
            await asyncio.open_connection("127.0.0.1", port)

    at_door(play)


def test_running_out_of_descriptors_is_outlasted(at_door):
    """When accept fails the door looks again a moment later."""

    async def play(door, port, _counts):
        real = door._listening

        class Exhausted:
            def accept(self):
                raise OSError(24, "too many open files")

            def fileno(self):
                return real.fileno()

            def close(self):
                real.close()

        door._listening = Exhausted()
        calling = asyncio.ensure_future(echo(port))
        await asyncio.sleep(0.05)
        door._listening = real
        return await calling

    assert at_door(play) == b"hello"
