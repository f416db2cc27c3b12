"""Tests of `values`: sets, records and addresses as Cedar takes them."""

from __future__ import annotations

import pytest
from kit.cedar import B1, STAFF, U1

from yett.policy.cedar.extensions import Datetime, IpAddr
from yett.policy.cedar.model import Entity
from yett.policy.cedar.values import (
    RecordValue,
    SetValue,
    ValueMismatch,
    make_datetime,
    make_ipaddr,
    make_set,
    merge,
)


def test_booleans_are_no_integers_inside_sets_and_records():
    """`True == 1` in Python; in Cedar it is not, at any depth."""
    assert make_set([True]) != make_set([1])
    assert set(make_set([True, 1, False, 0])) == {True, False}
    assert len(make_set([True, 1, False, 0]).elements) == 4
    assert RecordValue({"a": True}) != RecordValue({"a": 1})
    assert make_set([make_set([True])]) != make_set([make_set([1])])
    assert RecordValue({"a": make_set([0])}) != RecordValue({"a": make_set([False])})


def test_sets_and_records_are_values():
    """Equal content is equal and hashes alike, whatever the order."""
    assert make_set([1, 2]) == make_set([2, 1, 1])
    assert hash(make_set([1, 2])) == hash(make_set([2, 1]))
    assert RecordValue({"a": 1, "b": 2}) == RecordValue({"b": 2, "a": 1})
    assert hash(RecordValue({"a": 1, "b": 2})) == hash(RecordValue({"b": 2, "a": 1}))
    assert make_set([]) != RecordValue({})
    assert SetValue(frozenset()) == make_set([])
    assert repr(make_set([True, "a"])) == "SetValue([\"'a'\", 'True'])"
    assert repr(RecordValue({"a": 1})) == "RecordValue({'a': 1})"


def test_unix_time_is_cut_to_milliseconds():
    """A moment before 1970 is cut downwards too."""
    assert make_datetime(1.0019) == Datetime(1001)
    assert make_datetime(-0.0001) == Datetime(-1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.2.3.4", IpAddr(32, 0x01020304, 32)),
        ("::ffff:1.2.3.4", IpAddr(32, 0x01020304, 32)),
        ("fe80::1%eth0", IpAddr(128, (0xFE80 << 112) + 1, 128)),
    ],
)
def test_addresses_of_sockets_are_read(text, value):
    """A dual-stack socket's IPv4 is IPv4, or `isInRange` of the office would not hold."""
    assert make_ipaddr(text) == value


def test_an_unnamed_socket_has_no_address():
    """A unix socket's empty name is a mismatch, not an address."""
    with pytest.raises(ValueMismatch):
        make_ipaddr("")


def test_merging_keeps_the_first_ones_attributes():
    """Entities of one uid are one: what both say is said by the first."""
    one = Entity(U1, {"a": 1}, frozenset((STAFF,)), {"t": 1})
    two = Entity(U1, {"a": 2, "b": 3}, frozenset((B1,)), {"t": 2, "u": 3})
    assert merge(one, two) == Entity(U1, {"a": 1, "b": 3}, frozenset((STAFF, B1)), {"t": 1, "u": 3})
