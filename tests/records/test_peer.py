from __future__ import annotations

import socket

import pytest

from yett.records.frames import encode_ack, encode_batches
from yett.records.peer import MAX_UNSENT_BYTES, Peer, PeerGoneError


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    ours.setblocking(False)
    with ours, theirs:
        yield Peer(ours), theirs


def frame(event, first=1, worker="w0"):
    return encode_batches(worker, first, [event(first)])[0][1]


def test_receives_what_is_complete(pair, event):
    """A frame in two pieces is one batch, and an empty socket is no end."""
    peer, theirs = pair
    data = frame(event)
    theirs.send(data[:9])
    assert peer.receive() == []
    assert peer.receive() == []
    theirs.send(data[9:])
    assert [b.first for b in peer.receive()] == [1]
    assert peer.worker == "w0"


def test_end_in_the_middle_of_a_frame(pair, event):
    """A worker killed within a frame leaves nothing of that frame behind."""
    peer, theirs = pair
    theirs.send(frame(event)[:-1])
    theirs.close()
    assert peer.receive() == []
    with pytest.raises(PeerGoneError):
        peer.receive()


def test_garbage_ends_the_connection(pair):
    """Garbage says why the connection ended."""
    peer, theirs = pair
    theirs.send(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(PeerGoneError, match="1 MiB"):
        peer.receive()


def test_one_worker_a_connection(pair, event):
    """A connection that changes its worker is not trusted any further."""
    peer, theirs = pair
    theirs.send(frame(event) + frame(event, worker="w1"))
    with pytest.raises(PeerGoneError, match="one worker"):
        peer.receive()


def test_acknowledgements_wait_for_a_slow_peer(pair):
    """What the socket does not take waits, in bounds; a peer that never reads is let go."""
    peer, theirs = pair
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sent = 0

    def flood():
        nonlocal sent
        while True:
            sent += 1
            peer.acknowledge(sent)

    with pytest.raises(PeerGoneError, match="not fetched"):
        flood()
    assert peer.waiting
    assert theirs.recv(8) == encode_ack(1)
    assert sent * 8 < MAX_UNSENT_BYTES * 20


def test_peer_that_left(pair):
    """An acknowledgement to a peer that left ends the connection, nothing else."""
    peer, theirs = pair
    theirs.close()
    with pytest.raises(PeerGoneError):
        peer.acknowledge(1)
