"""The configuration as the edge needs it."""

from __future__ import annotations

import ipaddress

from yett.contract.config import GatewayConfig
from yett.gate.settings import Settings


def test_numbers_and_networks():
    """Every bound comes from the configuration; networks are parsed."""
    config = GatewayConfig(trusted_proxies=("10.0.0.0/8", "::1"), max_pending=3, idle_timeout=7.0)
    found = Settings.from_config(config)
    assert found.trusted == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1"))
    assert found.pool.pending == 3
    assert found.idle_timeout == 7.0
    assert found.block_unrecorded
    assert not Settings.from_config(GatewayConfig(when_not_recorded="degrade")).block_unrecorded
