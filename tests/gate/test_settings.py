"""The configuration as the edge needs it."""

from __future__ import annotations

import ipaddress

from yett.contract.config import ApiConfig, AuthzConfig, Config, GatewayConfig
from yett.gate.settings import Settings

API = {"api": ApiConfig(upstream="http://127.0.0.1:1", openapi="o.yaml")}


def test_numbers_and_networks():
    """Every bound comes from the configuration; networks are parsed."""
    gateway = GatewayConfig(trusted_proxies=("10.0.0.0/8", "::1"), max_pending=3, idle_timeout=7.0)
    found = Settings.from_config(Config(api=API, gateway=gateway))
    assert found.trusted == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1"))
    assert found.pool.pending == 3
    assert found.idle_timeout == 7.0
    assert found.block_unrecorded
    lenient = Config(api=API, gateway=GatewayConfig(when_not_recorded="degrade"))
    assert not Settings.from_config(lenient).block_unrecorded


def test_what_is_checked_is_never_larger_than_what_is_buffered():
    """The smaller of the two bounds on a collected answer holds."""
    config = Config(
        api=API, gateway=GatewayConfig(max_response=500), authz=AuthzConfig(max_checked=900)
    )
    assert Settings.from_config(config).max_checked == 500
