"""What the edge needs of the configuration, as it needs it: numbers, parsed networks.

Made once per policy; a swap makes another. Nothing here has a default of its own.
"""

from __future__ import annotations

import ipaddress

from msgspec import Struct

from yett.contract.config import Config
from yett.contract.model import SecurityScheme
from yett.policy.model import Policy
from yett.wire.forwarding import Network
from yett.wire.pool import PoolLimits


class Settings(Struct, frozen=True, kw_only=True):
    """Bounds of the edge; seconds, bytes and counts as in `GatewayConfig` and `AuthzConfig`."""

    trusted: tuple[Network, ...]
    client_cert: bool
    pool: PoolLimits
    max_response: int
    max_checked: int
    head_timeout: float
    body_timeout: float
    body_rate: int
    idle_timeout: float
    upstream_timeout: float
    max_connections: int
    max_connections_per_ip: int
    max_requests: int
    block_unrecorded: bool

    @classmethod
    def from_config(cls, whole: Config) -> Settings:
        """Derive the settings; networks were checked at load."""
        config = whole.gateway
        return cls(
            trusted=tuple(ipaddress.ip_network(text) for text in config.trusted_proxies),
            client_cert=config.client_cert,
            pool=PoolLimits(
                config.connect_timeout, config.upstream_connections, config.max_pending
            ),
            max_response=config.max_response,
            max_checked=min(whole.authz.max_checked, config.max_response),
            head_timeout=config.head_timeout,
            body_timeout=config.body_timeout,
            body_rate=config.body_rate,
            idle_timeout=config.idle_timeout,
            upstream_timeout=config.upstream_timeout,
            max_connections=config.max_connections,
            max_connections_per_ip=config.max_connections_per_ip,
            max_requests=config.max_requests_per_connection,
            block_unrecorded=config.when_not_recorded == "block",
        )


def shown_schemes(policy: Policy) -> tuple[SecurityScheme, ...]:
    """Return the ways in which callers present credentials, each once."""
    ways = [way for operation in policy.operations for way in operation.security or ()]
    return tuple({need.scheme: None for way in ways for need in way})
