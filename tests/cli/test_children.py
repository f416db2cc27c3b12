"""Messages between a child and its parent."""

from __future__ import annotations

import socket

import pytest

from yett.cli.children import Channel


@pytest.fixture
def line():
    ends = [Channel(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)]
    yield ends
    for end in ends:
        end.close()


def test_messages_stay_whole(line):
    """Two messages sent together arrive as two, and none is `{}`."""
    parent, child = line
    assert child.receive() == {}
    parent.send({"do": "drain"})
    parent.send({"do": "reload"})
    assert [child.receive() for _ in range(3)] == [{"do": "drain"}, {"do": "reload"}, {}]


def test_the_end_is_seen_by_both(line):
    """When one end is gone the other receives None and can send no more."""
    parent, child = line
    parent.close()
    assert child.wait(5) is None
    assert child.send({"a": 1}) is False


def test_a_reader_that_sleeps_does_not_block_the_sender(line):
    """Sending never waits: a full line answers False."""
    parent, _ = line
    sent = [parent.send({"text": "x" * 1000}) for _ in range(5000)]
    assert not sent[-1]


def test_waiting_is_bounded(line):
    """Waiting answers `{}` after its time."""
    assert line[1].wait(0.01) == {}
