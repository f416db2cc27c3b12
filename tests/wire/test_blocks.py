"""Header blocks read before are not read again, and never lent to another hop."""

from __future__ import annotations

import ipaddress

from yett.problems import Problem
from yett.wire import blocks as blocks_file
from yett.wire.blocks import Blocks
from yett.wire.forwarding import Hop, Peer

BLOCK = b"Host: a\r\nX-Forwarded-For: 198.51.100.7\r\nAuthorization: Bearer t\r\n"
NETWORKS = (ipaddress.ip_network("10.0.0.0/8"),)


def hop(address="203.0.113.9", *, secure=False, trusted=False, networks=()):
    return Hop(Peer(address, secure=secure, trusted=trusted), networks, b"yett-0011")


def test_the_same_block_over_the_same_hop_is_read_once():
    """Another connection of the same peer has what the first one read."""
    blocks = Blocks()
    first = blocks.read(BLOCK, hop())
    assert blocks.read(BLOCK, hop())[0] is first[0]


def test_another_hop_never_gets_what_was_read_for_this_one():
    """Source, scheme and trust belong to the peer, whatever the bytes say."""
    blocks = Blocks()
    hops = [
        hop(),
        hop("203.0.113.10"),
        hop(secure=True),
        hop("10.0.0.1", trusted=True, networks=NETWORKS),
        hop("10.0.0.1"),
    ]
    for _ in range(2):
        answers = [blocks.read(BLOCK, one)[1] for one in hops]
        assert [(a.source, a.secure) for a in answers] == [
            ("203.0.113.9", False),
            ("203.0.113.10", False),
            ("203.0.113.9", True),
            ("198.51.100.7", False),
            ("10.0.0.1", False),
        ]


def test_one_byte_more_is_another_block():
    """Nothing is remembered by less than all of its bytes."""
    blocks = Blocks()
    blocks.read(BLOCK, hop())
    other = BLOCK.replace(b"Bearer t", b"Bearer u")
    assert blocks.read(other, hop())[0].headers[b"authorization"] == b"Bearer u"


def test_refusals_are_not_kept():
    """A malformed block is refused each time."""
    blocks = Blocks()
    for _ in range(2):
        assert isinstance(blocks.read(b"Host: a\r\nHost: b\r\n", hop()), Problem)
    assert not blocks._read


def test_the_memory_is_bounded(monkeypatch):
    """Strangers with ever new blocks push out old ones; long ones are never kept."""
    monkeypatch.setattr(blocks_file, "MAX_BLOCKS", 8)
    blocks = Blocks()
    for number in range(50):
        blocks.read(b"Host: a\r\nX: %d\r\n" % number, hop())
    assert len(blocks._read) == 8
    blocks.read(b"Host: a\r\nX: %b\r\n" % (b"y" * blocks_file.MAX_BLOCK_BYTES), hop())
    assert len(blocks._read) == 8


def test_a_block_with_a_proof_is_not_kept():
    """A proof of possession is good once: kept, its block would drive out those that come back."""
    blocks = Blocks()
    blocks.read(BLOCK, hop())
    blocks.read(BLOCK + b"DPoP: a.b.c\r\n", hop())
    assert list(blocks._read) == [BLOCK]
