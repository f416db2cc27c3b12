"""Limits by name, and the fields a client reads."""

from __future__ import annotations

import pytest
from msgspec import Struct

from yett.policy.limits import parse_limit, ratelimit_fields
from yett.policy.model import Limit


class Count(Struct, frozen=True):
    remaining: int
    reset: float


def test_a_rate_gets_a_name():
    """A limit is the rate as read, its name, and who shares it."""
    assert parse_limit("100/15min per ip", name="n", shared="a.b") == Limit(
        "n", 100.0, 900.0, "ip", "a.b"
    )


BURST = Limit("burst", 100, 60, "principal")
DAILY = Limit("daily", 1000, 86400, "tenant")


def test_fields_follow_the_draft():
    """Both fields are lists of RFC 9651 strings with the draft's parameters."""
    fields = ratelimit_fields(((BURST, Count(50, 29.2)), (DAILY, Count(999, 86.4))))
    assert fields == (
        b'ratelimit-policy: "burst";q=100;w=60, "daily";q=1000;w=86400\r\n'
        b'ratelimit: "burst";r=50;t=30, "daily";r=999;t=87\r\n'
    )


def test_nothing_counted_writes_nothing():
    """A request that no limit counted carries no fields."""
    assert ratelimit_fields(()) == b""


def test_legacy_fields_show_the_limit_that_binds_first():
    """`X-RateLimit-*` knows one limit, the one with least left."""
    fields = ratelimit_fields(((BURST, Count(50, 30.0)), (DAILY, Count(3, 100.5))), legacy=True)
    assert fields.endswith(
        b"x-ratelimit-limit: 1000\r\nx-ratelimit-remaining: 3\r\nx-ratelimit-reset: 101\r\n"
    )


def test_a_name_cannot_break_out_of_its_field():
    """Quotes are escaped, control characters refused (response splitting, CWE-113)."""
    quoted = Limit('a"\\b', 1, 1, "ip")
    assert b'"a\\"\\\\b";q=1;w=1' in ratelimit_fields(((quoted, Count(1, 0)),))
    for name in ("a\r\nset-cookie: x", "é", "a\x00"):
        with pytest.raises(ValueError, match="printable ASCII"):
            ratelimit_fields(((Limit(name, 1, 1, "ip"), Count(1, 0)),))
