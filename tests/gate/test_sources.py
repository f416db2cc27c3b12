"""Connections by source."""

from __future__ import annotations

from yett.gate.sources import Sources, source_of


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
    assert source_of("2001:db8::1") == source_of("2001:db8::ffff:1")
    assert source_of("2001:db8:0:1::1") != source_of("2001:db8::1")
    assert source_of("unix") == "unix"
