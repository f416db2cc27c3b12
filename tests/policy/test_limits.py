"""Limits as written, and the fields a client reads."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from yett.policy.limits import (
    SCOPES,
    UNIT_SECONDS,
    LimitError,
    parse_limit,
    ratelimit_fields,
)
from yett.policy.model import Limit


class Count(Struct, frozen=True):
    remaining: int
    reset: float


@pytest.mark.parametrize(
    ("text", "quota", "window", "scope"),
    [
        ("10/min per principal", 10, 60, "principal"),
        ("600/min per ip", 600, 60, "ip"),
        ("5/s per key", 5, 1, "key"),
        ("1000/day per tenant", 1000, 86400, "tenant"),
        (" 100 / 15min per ip ", 100, 900, "ip"),
        ("2/hour per key", 2, 3600, "key"),
    ],
)
def test_written_limits_are_read(text, quota, window, scope):
    """Each form of the reference page means what it says."""
    assert parse_limit(text, name="n", shared="a.b") == Limit("n", quota, window, scope, "a.b")


@given(st.integers(1, 10**9), st.sampled_from(sorted(UNIT_SECONDS)), st.sampled_from(SCOPES))
def test_every_unit_and_scope_is_read(quota, unit, scope):
    """Every combination of the tables is a limit."""
    limit = parse_limit(f"{quota}/{unit} per {scope}", name="n")
    assert (limit.quota, limit.window, limit.scope) == (quota, UNIT_SECONDS[unit], scope)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("10/mni per ip", "unknown unit `mni` in a limit", "did you mean `min`?"),
        ("10/min per princpal", "unknown scope `princpal` in a limit", "did you mean `principal`?"),
        ("10/Min per ip", "unknown unit `Min` in a limit", "did you mean `min`?"),
        ("10/min per moon", "unknown scope `moon` in a limit", "known: principal, key, tenant, ip"),
        (
            "10 per minute",
            "`10 per minute` is not a limit",
            "write it like `10/min per principal` or `100/15min per ip`",
        ),
    ],
)
def test_mistakes_get_a_next_step(text, message, hint):
    """A mistaken limit names the mistake and the nearest word."""
    with pytest.raises(LimitError) as caught:
        parse_limit(text, name="n")
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0/min per ip",
        "-1/min per ip",
        "1.5/min per ip",
        "1e3/min per ip",
        "9999999999/s per ip",
        "1/0s per ip",
        "1/32d per ip",
        "1/min",
        "1/min per",
        "1/min per ip per ip",
        "1/min per ip\nx",
        "٣/min per ip",
        "1_0/min per ip",
    ],
)
def test_what_is_not_a_limit_is_refused(text):
    """No zero, negative, fractional, non-ASCII or trailing form becomes a limit."""
    with pytest.raises(LimitError):
        parse_limit(text, name="n")


@given(st.text(max_size=60))
def test_any_text_is_a_limit_or_a_named_error(text):
    """Parsing never raises anything but its own error."""
    with contextlib.suppress(LimitError):
        parse_limit(text, name="n")


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
        with pytest.raises(LimitError):
            ratelimit_fields(((Limit(name, 1, 1, "ip"), Count(1, 0)),))
