import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.contract.rates import SCOPES, UNIT_SECONDS, Rate, RateError, read_rate


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
    assert read_rate(text) == Rate(quota, window, scope)


@given(st.integers(1, 10**9), st.sampled_from(sorted(UNIT_SECONDS)), st.sampled_from(SCOPES))
def test_every_unit_and_scope_is_read(quota, unit, scope):
    """Every combination of the tables is a limit."""
    rate = read_rate(f"{quota}/{unit} per {scope}")
    assert (rate.quota, rate.window, rate.scope) == (quota, UNIT_SECONDS[unit], scope)


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
    with pytest.raises(RateError) as caught:
        read_rate(text)
    assert (str(caught.value), caught.value.hint) == (message, hint)


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
    with pytest.raises(RateError):
        read_rate(text)


@given(st.text(max_size=60))
def test_any_text_is_a_limit_or_a_named_error(text):
    """Parsing never raises anything but its own error."""
    with contextlib.suppress(RateError):
        read_rate(text)
