"""Connections by source."""

from __future__ import annotations

from yett.gate.sources import Sources


def test_counting():
    """As many as allowed; one that leaves makes room; nothing is kept for who left."""
    sources = Sources()
    assert sources.enter("1.1.1.1", 2)
    assert sources.enter("1.1.1.1", 2)
    assert not sources.enter("1.1.1.1", 2)
    assert sources.enter("1.1.1.2", 2)
    sources.leave("1.1.1.1")
    assert sources.enter("1.1.1.1", 2)
    for address in ("1.1.1.1", "1.1.1.1", "1.1.1.2", "9.9.9.9"):
        sources.leave(address)
    assert not sources._counts


def test_an_ipv6_customer_is_one_source():
    """Addresses of one /64 count together, of two apart."""
    sources = Sources()
    assert sources.enter("2001:db8::1", 1)
    assert not sources.enter("2001:db8::ffff:1", 1)
    assert sources.enter("2001:db8:0:1::1", 1)
    assert sources.enter("unix", 1)


def test_strangers_behind_an_embedding_are_not_one_source():
    """Behind NAT64 or a dual-stack listener one client cannot take everybody's connections."""
    sources = Sources()
    for address in ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", "::ffff:192.0.2.3"):
        assert sources.enter(address, 1)
