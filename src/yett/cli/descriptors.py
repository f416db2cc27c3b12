"""How many sockets a worker may open: raised to what the configuration needs, or said.

The usual soft limit is 1,024 (systemd, shells), far below `gateway.max_connections`; the hard limit
is what the administrator meant.
"""

from __future__ import annotations

import resource

from yett.contract.config import Config

# Listening sockets, the recorder, the log, files that are read again.
SPARE_DESCRIPTORS = 128


def raise_limit(config: Config) -> str:
    """Raise the soft limit of this process and of what it forks; answers a hazard, or nothing."""
    gateway = config.gateway
    upstream = gateway.upstream_connections * len(config.api)
    needed = gateway.max_connections + upstream + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if max(allowed, soft) >= needed:
        return ""
    return (
        f"descriptors: {needed} are needed for `gateway.max_connections`, {hard} are allowed; "
        "raise the limit (systemd: LimitNOFILE), or lower the setting"
    )
