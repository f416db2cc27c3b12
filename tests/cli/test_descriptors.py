"""The limit of open files follows the configuration, as far as it may."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import resource, sys
soft, hard, connections = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from yett.cli.descriptors import raise_limit
from yett.contract.config import ApiConfig, Config, GatewayConfig
config = Config(
    api={"a": ApiConfig(upstream="http://127.0.0.1:1")},
    gateway=GatewayConfig(max_connections=connections, upstream_connections=8),
)
print(raise_limit(config))
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "after", "named"),
    [
        (256, 4000, 1000, 1136, False),
        (2000, 4000, 1000, 2000, False),
        (256, 500, 1000, 500, True),
    ],
)
def test_the_soft_limit_is_raised(soft, hard, connections, after, named):
    """It is raised to what is needed, never lowered, and what is missing is a hazard."""
    args = [sys.executable, "-c", CODE, str(soft), str(hard), str(connections)]
    told = subprocess.run(args, capture_output=True, text=True, check=True).stdout.split("\n")
    assert told[1] == str(after)
    assert told[0].startswith("descriptors: 1136 are needed") is named
