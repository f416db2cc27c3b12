"""Which addresses count as one source."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.state.sources import fold


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:DB8:0::1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_sources_are_networks_for_ipv6_and_addresses_for_ipv4(first, second, same):
    """Embedded IPv4 addresses are not thrown into one /64."""
    assert (fold(first) == fold(second)) is same


@given(st.ip_addresses(v=6))
def test_every_address_folds_to_its_64(address):
    """Two addresses of a /64 fold to the same source, whatever their form."""
    inside = ipaddress.ip_network((int(address) >> 64 << 64, 64))
    if address.ipv4_mapped is None and not str(address).startswith("64:ff9b::"):
        assert fold(str(address)) == fold(str(inside[12345]))
    assert fold(address.exploded) == fold(str(address))


@given(st.text(max_size=60))
def test_any_text_folds_without_raising(text):
    """What is no address is its own source."""
    assert isinstance(fold(text), str)
