"""Tests of `json_in`: JSON that fits its type is read, and nothing is made to fit."""

from __future__ import annotations

import pytest
from kit.cedar import LONG, PLACE, STRING, U1

from yett.policy.cedar.extensions import Decimal, Duration, IpAddr, parse_datetime
from yett.policy.cedar.json_in import make_reader, read_id, read_value
from yett.policy.cedar.model import Uid
from yett.policy.cedar.types import Plain, Reference, SetOf
from yett.policy.cedar.values import RecordValue, ValueMismatch, make_set

MOMENT = Plain("datetime")


@pytest.mark.parametrize(
    ("type_", "given_", "value"),
    [
        (Plain("Bool"), True, True),
        (LONG, 2**63 - 1, 2**63 - 1),
        (STRING, "é", "é"),
        (Reference("User"), "u1", U1),
        (Reference("User"), 1, Uid("User", "1")),
        (Reference("User"), 2**64 - 1, Uid("User", "18446744073709551615")),
        (SetOf(LONG), [1, 1, 2], make_set([1, 2])),
        (PLACE, {"city": "Oban", "zone": None, "more": 1}, RecordValue({"city": "Oban"})),
        (Plain("decimal"), "1.5", Decimal(15_000)),
        (Plain("duration"), "1m", Duration(60_000)),
        (Plain("ipaddr"), "10.0.0.0/8", IpAddr(32, 0x0A000000, 8)),
        (MOMENT, "2026-11-22", parse_datetime("2026-11-22")),
        (MOMENT, "2026-11-22t03:04:05z", parse_datetime("2026-11-22T03:04:05Z")),
        (MOMENT, "2026-11-22 03:04:05.1+01:30", parse_datetime("2026-11-22T03:04:05.100+0130")),
        (MOMENT, "2026-11-22T03:04:05.123999Z", parse_datetime("2026-11-22T03:04:05.123Z")),
    ],
)
def test_json_of_its_type_is_read(type_, given_, value):
    """Each type has its JSON; ids may be integers, nulls in records are absent."""
    assert read_value(type_, given_) == value
    assert type(read_value(type_, given_)) is type(value)
    assert make_reader(type_)(given_) == value


@pytest.mark.parametrize(
    ("type_", "given_"),
    [
        (Plain("Bool"), 1),
        (Plain("Bool"), "true"),
        (LONG, True),
        (LONG, 1.0),
        (LONG, "1"),
        (LONG, 2**63),
        (STRING, 1),
        (STRING, None),
        (STRING, "\ud800"),
        (Reference("User"), True),
        (Reference("User"), 1.5),
        (Reference("User"), None),
        pytest.param(Reference("User"), 10**5000, id="huge"),
        (Reference("User"), {"type": "Role", "id": "admin"}),
        (SetOf(LONG), {"a": 1}),
        (SetOf(LONG), [1, "1"]),
        (PLACE, []),
        (PLACE, {"zone": 1}),
        (PLACE, {"city": None}),
        (MOMENT, "yesterday"),
        (MOMENT, "2026-11-22T03:04:05"),
        (MOMENT, "2026-02-30T03:04:05Z"),
        (MOMENT, "2026-11-22T03:04:60Z"),
        (MOMENT, 1_700_000_000),
        (Plain("decimal"), 1.5),
        (Plain("ipaddr"), "1.2.3"),
        (Plain("duration"), "soon"),
    ],
)
def test_json_of_another_type_is_a_mismatch(type_, given_):
    """What does not fit is refused, never turned into something that fits."""
    with pytest.raises(ValueMismatch):
        read_value(type_, given_)
    with pytest.raises(ValueMismatch):
        make_reader(type_)(given_)


def test_an_id_is_a_string_or_an_integer():
    """The id of a record is its text, and a JSON integer its digits."""
    assert read_id("7") == read_id(7) == "7"
    with pytest.raises(ValueMismatch):
        read_id(True)
