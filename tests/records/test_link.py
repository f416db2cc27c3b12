from __future__ import annotations

import asyncio
import os
import socket

import pytest

from yett.records import link
from yett.records.frames import FrameReader, encode_ack, encode_batches
from yett.records.link import Link


@pytest.fixture
def server(home):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(home / "r.sock"))
        listener.listen()
        listener.setblocking(False)
        yield listener


@pytest.fixture
def frame(event):
    def make(first, **fields):
        return encode_batches("w0", first, [event(first, **fields)])[0]

    return make


async def accept(server):
    loop = asyncio.get_running_loop()
    connection, _ = await asyncio.wait_for(loop.sock_accept(server), 5)
    connection.setblocking(False)
    return connection


async def receive(connection, reader, count):
    loop, firsts = asyncio.get_running_loop(), []
    while len(firsts) < count:
        data = await asyncio.wait_for(loop.sock_recv(connection, 1 << 16), 5)
        firsts += [batch.first for batch in reader.feed(data)]
    return firsts


async def test_unacknowledged_is_sent_again(server, home, frame):
    """After a lost connection everything unacknowledged comes again, in order, nothing else."""
    settled = []
    one = Link(home / "r.sock", settled.append)
    for n in (1, 2, 3):
        one.send(*frame(n))
    one.pump()
    first = await accept(server)
    assert await receive(first, FrameReader(), 3) == [1, 2, 3]
    first.send(encode_ack(1))
    await asyncio.sleep(0.02)
    assert settled == [1]
    first.close()
    second = await accept(server)
    assert await receive(second, FrameReader(), 2) == [2, 3]
    second.send(encode_ack(3))
    await asyncio.sleep(0.02)
    assert one.held_bytes == 0
    one.close()
    second.close()


async def test_interrupted_frame_is_sent_whole(server, home, frame):
    """A frame of which only a part went out is sent again from its first byte."""
    one = Link(home / "r.sock", lambda _: None)
    for n in range(1, 200):
        one.send(*frame(n, note="x" * 20_000))
    one.pump()
    first = await accept(server)
    first.recv(30_000)
    first.close()
    second = await accept(server)
    firsts = await receive(second, FrameReader(), 199)
    assert firsts == list(range(1, 200))
    one.close()
    second.close()


async def test_slow_recorder_is_waited_for(server, home, frame):
    """What the socket does not take waits without spinning, and goes out when it does."""
    one = Link(home / "r.sock", lambda _: None)
    for n in range(1, 300):
        one.send(*frame(n, note="x" * 10_000))
        one.pump()
    connection = await accept(server)
    assert await receive(connection, FrameReader(), 299) == list(range(1, 300))
    one.close()
    connection.close()


async def test_acknowledgement_of_what_was_never_sent(server, home, frame):
    """An acknowledgement beyond what was sent is garbage: nothing is let go for it."""
    settled = []
    one = Link(home / "r.sock", settled.append)
    one.send(*frame(1))
    one.pump()
    connection = await accept(server)
    connection.send(encode_ack(99))
    again = await accept(server)
    assert await receive(again, FrameReader(), 1) == [1]
    assert settled == []
    one.close()
    for end in (connection, again):
        end.close()


async def test_foreign_recorder_gets_nothing(server, home, frame, monkeypatch):
    """Whoever took the recorder's place under another uid receives no event."""
    monkeypatch.setattr(link, "peer_uid", lambda _: os.geteuid() + 1)
    one = Link(home / "r.sock", lambda _: None)
    one.send(*frame(1))
    one.pump()
    connection = await accept(server)
    assert connection.recv(10) == b""
    assert not one.connected
    one.close()
    connection.close()
