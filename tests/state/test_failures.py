"""Slowing down sources that fail."""

from __future__ import annotations

import pytest

from yett.policy.model import Limit
from yett.state.failures import Failures

START = 1_800_000_000.0
LIMIT = Limit("failures", 60, 60, "ip")


def test_a_source_is_slowed_after_its_quota_and_only_it():
    """Sixty failures are tolerated; then one a second; others are not touched."""
    failures = Failures(LIMIT, 100, START)
    for _ in range(60):
        assert failures.failing("192.0.2.1", START) == 0
        failures.failed("192.0.2.1", START)
    assert failures.failing("192.0.2.1", START) == pytest.approx(1)
    assert failures.failing("192.0.2.2", START) == 0
    assert failures.failing("192.0.2.1", START + 1.01) == 0


def test_more_failures_do_not_lock_out_for_longer():
    """The wait never exceeds one unit, so nobody can lock out an address for good."""
    failures = Failures(LIMIT, 100, START)
    for _ in range(10_000):
        failures.failed("192.0.2.1", START)
    assert failures.failing("192.0.2.1", START) == pytest.approx(1)
    assert failures.failing("192.0.2.1", START - 9999) <= 1.01


def test_ipv6_failures_count_by_network():
    """Hopping through a /64 does not help."""
    failures = Failures(Limit("failures", 2, 60, "ip"), 100, START)
    failures.failed("2001:db8::1", START)
    failures.failed("2001:db8::2", START)
    assert failures.failing("2001:db8::3", START) > 0


def test_the_table_is_bounded():
    """A flood of sources leaves `most` of them."""
    failures = Failures(LIMIT, 1000, START)
    for number in range(100_000):
        failures.failed(str(number), START)
    assert len(failures) <= 1000
