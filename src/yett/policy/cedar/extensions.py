"""Cedar's extension types: datetime, duration, decimal and ipaddr, parsed exactly as Cedar does.

Each is a frozen value of integers. A text that Cedar's constructor refuses raises `CedarError`,
so does arithmetic outside 64 bits. Cedar reference, "Supported data types". Cedar 4.12.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from msgspec import Struct

LEAST_LONG = -(2**63)
MOST_LONG = 2**63 - 1
DAY_MS = 86_400_000
DECIMAL_DIGITS = 4
# 39 characters of an IPv6 address, a slash and three digits: Cedar looks at nothing longer.
MAX_IP_CHARS = 43


class CedarError(Exception):
    """An evaluation erred: Cedar skips the policy, yett denies where it is a `forbid`."""


class Datetime(Struct, frozen=True):
    """A moment; `ms` since 1970-01-01T00:00:00Z."""

    ms: int


class Duration(Struct, frozen=True):
    """A span of `ms` milliseconds, of either sign."""

    ms: int


class Decimal(Struct, frozen=True):
    """A number with four digits after the point; `units` are ten-thousandths."""

    units: int


class IpAddr(Struct, frozen=True):
    """An address with its prefix; `bits` is 32 or 128, `address` keeps its host bits."""

    bits: int
    address: int
    prefix: int

    def span(self) -> tuple[int, int]:
        """Return the first and the last address of the range."""
        host = (1 << (self.bits - self.prefix)) - 1
        return self.address & ~host, self.address | host


def fit(number: int) -> int:
    """Return `number` if it is a Cedar Long."""
    if LEAST_LONG <= number <= MOST_LONG:
        return number
    raise CedarError("a number does not fit 64 bits")


_DATETIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{3}))?(?:Z|([+-])([0-9]{2})([0-9]{2})))?"
)
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_datetime(text: str) -> Datetime:
    """Read `2026-11-22`, `2026-11-22T03:04:05Z`, with `.678` and with `+0100` in place of `Z`."""
    found = _DATETIME.fullmatch(text)
    if not found:
        raise CedarError("no datetime")
    year, month, day, hour, minute, second, ms = (int(x or 0) for x in found.groups()[:7])
    sign, east, east_minutes = found.group(8), int(found.group(9) or 0), int(found.group(10) or 0)
    if hour > 23 or minute > 59 or second > 59 or east > 23 or east_minutes > 59:
        raise CedarError("no time of day")
    away = (east * 60 + east_minutes) * 60_000
    total = days_since_epoch(year, month, day) * DAY_MS
    total += ((hour * 60 + minute) * 60 + second) * 1000 + ms
    return Datetime(total + away if sign == "-" else total - away)


def days_since_epoch(year: int, month: int, day: int) -> int:
    """Count days from 1970-01-01 in the proleptic Gregorian calendar, year 0 included."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _MONTH_DAYS[month - 1]:
        raise CedarError("no date")
    if month == 2 and day == 29 and not leap:
        raise CedarError("no leap year")
    # The year begins in March here, so that the leap day is its last (H. Hinnant, days_from_civil).
    year -= month <= 2
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + of_year - 719_468


_DURATION = re.compile(
    r"(-?)(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?"
)
_UNITS_MS = (DAY_MS, 3_600_000, 60_000, 1000, 1)


def parse_duration(text: str) -> Duration:
    """Read `1d2h3m4s5ms`: each unit at most once, in this order, at least one."""
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()[1:]):
        raise CedarError("no duration")
    sign = -1 if found.group(1) else 1
    total = 0
    for digits, unit in zip(found.groups()[1:], _UNITS_MS, strict=True):
        if digits:
            total = fit(total + fit(sign * _small(digits) * unit))
    return Duration(total)


_DECIMAL = re.compile(r"(-?)([0-9]+)\.([0-9]{1,4})")


def parse_decimal(text: str) -> Decimal:
    """Read `-12.3456`: digits on both sides of the point, at most four after it."""
    found = _DECIMAL.fullmatch(text)
    if not found:
        raise CedarError("no decimal")
    sign, whole, part = found.groups()
    units = _small(whole) * 10**DECIMAL_DIGITS + int(part.ljust(DECIMAL_DIGITS, "0"))
    return Decimal(fit(-units if sign else units))


def _small(digits: str) -> int:
    # Python refuses to read more than 4,300 digits; what has over 30 significant ones never fits.
    significant = digits.lstrip("0")
    if len(significant) > 30:
        raise CedarError("a number does not fit 64 bits")
    return int(significant or "0")


_IP = re.compile(r"([0-9a-fA-F:.]+)(?:/(0|[1-9][0-9]{0,2}))?")


def parse_ip(text: str) -> IpAddr:
    """Read an IPv4 or IPv6 address or range; no IPv4 inside IPv6, no leading zeros, no zone."""
    found = _IP.fullmatch(text) if len(text) <= MAX_IP_CHARS else None
    if not found or (":" in text and "." in text):
        raise CedarError("no address")
    address, prefix = found.groups()
    try:
        one = IPv6Address(address) if ":" in address else IPv4Address(address)
    except AddressValueError as error:
        raise CedarError("no address") from error
    length = one.max_prefixlen if prefix is None else int(prefix)
    if length > one.max_prefixlen:
        raise CedarError("no prefix length")
    return IpAddr(one.max_prefixlen, int(one), length)


def write_datetime(moment: Datetime) -> str:
    """Write a moment as a text for Cedar's constructor; years outside 0 to 9999 raise `CedarError`.

    What lies outside is written as an offset from 1970 by `values.to_json`.
    """
    days, ms = divmod(moment.ms, DAY_MS)
    shifted = days + 719_468
    era, of_era = divmod(shifted, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year = year_of_era + era * 400 + (month <= 2)
    if not 0 <= year <= 9999:
        raise CedarError("no year of four digits")
    second, ms = divmod(ms, 1000)
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{ms:03}"
    return f"{year:04}-{month:02}-{day:02}T{clock}Z"


def write_decimal(number: Decimal) -> str:
    """Write a decimal with its four digits."""
    whole, part = divmod(abs(number.units), 10**DECIMAL_DIGITS)
    return f"{'-' if number.units < 0 else ''}{whole}.{part:04}"


def write_ip(address: IpAddr) -> str:
    """Write an address; the prefix only where it is a range."""
    make = IPv4Address if address.bits == 32 else IPv6Address
    # `exploded`: Python writes ::ffff:1.2.3.4 for a mapped address from 3.13 on, Cedar refuses it.
    text = make(address.address).exploded
    return text if address.prefix == address.bits else f"{text}/{address.prefix}"
