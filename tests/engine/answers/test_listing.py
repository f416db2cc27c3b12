"""Items of a listing: told apart one by one, put back in order, counted."""

from __future__ import annotations

import pytest
from kit.deciding import Scene, booking

from yett.engine.answers.listing import lower, put, sift
from yett.engine.answers.records import Records


@pytest.fixture
def ready(tmp_path):
    scene = Scene(tmp_path)
    scene.decide("GET", "/bookings")
    checks = scene.x.plan.checks
    return Records(scene.x, checks), checks.decides


def test_items_are_told_apart(ready):
    """Permitted, denied and unreadable, each with its record, in their order."""
    records, slice_ = ready
    items = [booking(1, 7), booking(2, 8), {"id": 3}, booking(4, 7)]
    found = sift(records, items, (), slice_, read=False)
    assert [uid.id for _, uid, _ in found.kept] == ["1", "4"]
    assert [uid.id for _, uid, _ in found.denied] == ["2", "3"]
    assert (found.unread, found.policies) == (1, ("own",))
    question, decided = found.first
    assert (question.resource.id, decided.allow) == ("2", False)


def test_the_first_denial_keeps_its_question(ready):
    """The items after it are asked with the same object."""
    records, slice_ = ready
    found = sift(records, [booking(1, 8), booking(2, 7)], (), slice_, read=False)
    assert {uid.id for uid in found.first[0].entities} == {"7", "1"}


def test_records_inside_of_items(ready):
    """The record may be a part of the item; an item without it is not read."""
    records, slice_ = ready
    items = [{"record": booking(1, 7)}, {"record": booking(2, 8)}, {}, 7]
    found = sift(records, items, ("record",), slice_, read=False)
    assert [item for item, _, _ in found.kept] == items[:1]
    assert found.unread == 2


def test_without_rules_all_items_leave(ready):
    """Then entities are made only where classes need them."""
    records, _ = ready
    for read in (True, False):
        found = sift(records, [booking(1, 8)], (), None, read=read)
        assert len(found.kept) == 1
        assert (found.kept[0][2] is not None) is read


def test_items_go_back_where_they_were():
    """At the root, in an object, in an array."""
    assert put([1, 2], (), [1]) == [1]
    assert put({"a": {"b": [1, 2]}}, ("a", "b"), [1]) == {"a": {"b": [1]}}
    assert put([{"b": [1, 2]}], ("0", "b"), []) == [{"b": []}]
    assert put([[1, 2]], ("0",), []) == [[]]


def test_totals_are_lowered():
    """Whole numbers only, never below nothing, absent ones are not made."""
    value = {"a": 5, "b": {"c": 1, "d": "3"}, "e": True}
    totals = (("a",), ("b", "c"), ("b", "d"), ("e",), ("none",), ("none", "x"), ())
    lower(value, totals, 2)
    assert value == {"a": 3, "b": {"c": 0, "d": "3"}, "e": True}
