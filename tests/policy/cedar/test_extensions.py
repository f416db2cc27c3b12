"""Extension values are read exactly as Cedar reads them."""

from __future__ import annotations

import pytest
from cedarpy import PolicySet, is_authorized
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.cedar.extensions import (
    DAY_MS,
    CedarError,
    Datetime,
    Decimal,
    Duration,
    IpAddr,
    days_since_epoch,
    fit,
    parse_datetime,
    parse_decimal,
    parse_duration,
    parse_ip,
    write_datetime,
    write_decimal,
    write_ip,
)
from yett.policy.cedar.json_out import to_json

PARSERS = {
    "datetime": parse_datetime,
    "duration": parse_duration,
    "decimal": parse_decimal,
    "ip": parse_ip,
}
HANDLES = {
    name: PolicySet.from_str(
        f"permit(principal, action, resource) when {{ context.value == {name}(context.text) }};"
    )
    for name in PARSERS
}


def agrees(name, text):
    """Whether cedarpy reads the text as we do: the same value, or an error on both sides."""
    try:
        value = to_json(PARSERS[name](text))
    except CedarError:
        value = None
    uid = {"type": "U", "id": "u"}
    request = {
        "principal": uid,
        "action": {"type": "Action", "id": "a"},
        "resource": uid,
        "context": {"text": text, "value": 0 if value is None else value},
    }
    found = is_authorized(request, HANDLES[name], "[]")
    return bool(found.diagnostics.errors) if value is None else found.allowed


def numbers(*values):
    return st.sampled_from(values).map(str)


def joined(*parts):
    return st.tuples(*parts).map("".join)


def maybe(strategy):
    return st.one_of(st.just(""), strategy)


CLOCK = joined(
    st.just("T"),
    st.sampled_from(("00:00:00", "23:59:59", "24:00:00", "12:60:00", "12:00:60", "1:00:00")),
    maybe(st.sampled_from((".000", ".5", ".999", ".1234"))),
    st.sampled_from(("Z", "", "+0000", "-2359", "+2400", "+0160", "+01:00", "z")),
)
DAYS = joined(
    numbers("0000", "0001", 1900, 1970, 2000, 2023, 2024, 9999, 10000, 99),
    st.just("-"),
    numbers("00", "01", "02", "04", "12", "13", 2),
    st.just("-"),
    numbers("00", "01", 28, 29, 30, 31, 32),
)
COUNTS = numbers(
    0, 1, 59, 106_751_991_167, 106_751_991_168, 2_562_047_788_015, 2_562_047_788_016,
    9_223_372_036_854_775_807, 9_223_372_036_854_775_808, 10**30, "0" * 40, "007",
)  # fmt: skip
SPANS = joined(
    maybe(st.just("-")),
    *(maybe(COUNTS.map(lambda n, u=u: n + u)) for u in ("d", "h", "m", "s", "ms")),
)
DECIMALS = joined(
    st.sampled_from(("", "-", "+", "--")),
    numbers("", 0, 12, "007", 922_337_203_685_477, 922_337_203_685_478, 10**25, "0" * 5000),
    st.sampled_from(("", ".", ".0", ".5", ".5807", ".5808", ".5809", ".12345", ".٣")),
)
ADDRESSES = joined(
    st.sampled_from(
        ("1.2.3.4", "127.0.0.1", "255.255.255.255", "256.1.1.1", "01.2.3.4", "1.2.3", "::", "::1",
         "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::2::3", "ff00::1", "ABCD::",
         "::ffff:1.2.3.4", "fe80::1%eth0", "00001::", "1:2:3:4:5:6:7:8:9", ":1:2:3:4:5:6:7",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "1.2.3.4 "),
    ),
    st.sampled_from(("", "", "/0", "/8", "/32", "/33", "/128", "/129", "/08", "/", "/-1", "/1/2")),
)  # fmt: skip


@given(joined(DAYS, maybe(CLOCK)))
def test_datetimes_are_read_as_cedar_does(text):
    """The same texts are moments, of the same millisecond."""
    assert agrees("datetime", text)


@given(SPANS)
def test_durations_are_read_as_cedar_does(text):
    """Units in order, signs and 64 bits are Cedar's."""
    assert agrees("duration", text)


@given(DECIMALS)
def test_decimals_are_read_as_cedar_does(text):
    """Digits on both sides, at most four behind the point, within 64 bits."""
    assert agrees("decimal", text)


@given(ADDRESSES)
def test_addresses_are_read_as_cedar_does(text):
    """No leading zeros, no zone, no IPv4 inside IPv6."""
    assert agrees("ip", text)


@given(st.sampled_from(sorted(PARSERS)), st.text(max_size=50))
def test_any_text_is_a_value_or_a_cedar_error(name, text):
    """No text raises anything else, whatever Unicode calls a digit."""
    assert agrees(name, text)


@given(st.integers(-62_167_219_200_000, 253_402_300_799_999))
def test_a_datetime_survives_its_text(ms):
    """Years 0 to 9999 are written and read back."""
    assert parse_datetime(write_datetime(Datetime(ms))) == Datetime(ms)


@pytest.mark.parametrize("ms", [-62_167_219_200_001, 253_402_300_800_000])
def test_a_year_of_five_digits_has_no_text(ms):
    """Outside of four digits there is no text, and it is said."""
    with pytest.raises(CedarError, match="four digits"):
        write_datetime(Datetime(ms))


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_decimal_survives_its_text(units):
    """Every decimal of 64 bits is written and read back."""
    assert parse_decimal(write_decimal(Decimal(units))) == Decimal(units)


@given(st.sampled_from((32, 128)), st.data())
def test_an_address_survives_its_text(bits, data):
    """Every address is written so that Cedar takes it, IPv4 inside IPv6 too."""
    address = data.draw(st.one_of(st.integers(0, 2**bits - 1), st.just(0xFFFF_0102_0304 % 2**bits)))
    found = IpAddr(bits, address, data.draw(st.integers(0, bits)))
    assert parse_ip(write_ip(found)) == found


def test_spans_keep_to_their_prefix():
    """The range of an address with host bits is the network's."""
    assert parse_ip("10.1.2.3/8").span() == (0x0A000000, 0x0AFFFFFF)
    assert parse_ip("::1").span() == (1, 1)


def test_kinds_of_equal_content_differ():
    """A moment, a span and a decimal of one number are three values."""
    assert len({Datetime(5), Duration(5), Decimal(5), 5}) == 4
    assert Datetime(5) != Duration(5)


def test_numbers_end_at_64_bits():
    """One more than the largest Long is an error."""
    assert fit(2**63 - 1) == 2**63 - 1
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(CedarError):
            fit(number)


def test_days_count_across_centuries():
    """1900 was no leap year, 2000 was, and the year 0 was too."""
    assert days_since_epoch(1970, 1, 1) == 0
    assert days_since_epoch(2000, 2, 29) == 11_016
    assert days_since_epoch(0, 2, 29) * DAY_MS == parse_datetime("0000-02-29").ms
    with pytest.raises(CedarError):
        days_since_epoch(1900, 2, 29)
