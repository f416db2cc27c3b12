from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.cli.audit_view import (
    as_block,
    as_json,
    as_line,
    as_object,
    printable,
    report_json,
    report_text,
    stamp,
)
from yett.records.line import Record
from yett.records.report import Damage, Report
from yett.terms import Event


def plain(text, **_):
    return text


HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e\r\n\u2028\x7f\udc80"


@given(st.text(alphabet=st.characters(), max_size=80))
def test_printable_leaves_nothing_to_a_terminal(text):
    """No control, C1, bidirectional override, line separator or surrogate gets through (CWE-150)."""
    shown = printable(text)
    assert shown.isprintable()
    assert "\x1b" not in shown


def test_printable_leaves_text_alone():
    """Ordinary text of any script is shown as it is."""
    assert printable("/b\u00fccher/\u65e5\u672c?") == "/b\u00fccher/\u65e5\u672c?"
    assert printable("a\x1b[2Jb") == "a\\x1b[2Jb"


@pytest.mark.parametrize("show", [lambda r: as_line(r, plain), lambda r: as_block(r, "x")])
def test_every_field_is_escaped(show):
    """Whatever field a client's text stands in, its escape sequences do not reach the terminal."""
    texts = [name for name, kind in Event.__annotations__.items() if kind == "str"]
    event = Event(
        time=1.0,
        observed=(HOSTILE,),
        resources=(HOSTILE,),
        **dict.fromkeys(texts, HOSTILE),
    )
    for line in show(Record(1, "w0", 1, event, "ab")).split("\n"):
        assert line.isprintable()


def test_each_reason_has_a_line():
    """Clauses have commas of their own; a reason is one line, whoever reads it."""
    event = Event(time=1.0, request="r", why=("`a`: `[1, 2]` is false", "`b` forbids: `x` is true"))
    lines = as_block(Record(1, "w0", 1, event, "ab"), "x").splitlines()
    assert [line for line in lines if line.startswith("why")] == [
        "why                `a`: `[1, 2]` is false",
        "why                `b` forbids: `x` is true",
    ]


def test_json_is_ascii():
    """JSON output is ASCII without controls, and reads back as what it was."""
    record = Record(1, "w0", 1, Event(time=1.0, request="r", path="/\x9b\x7f\x1b\u202e"), "ab")
    text = as_json(as_object(record))
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["event"]["path"] == "/\x9b\x7f\x1b\u202e"


def test_line_of_a_refusal():
    """A refusal says when, who, what and why on one line."""
    event = Event(
        time=1_800_000_000.25,
        request="r1",
        method="GET",
        path="/bookings/9",
        principal="mallory",
        verdict="refuse",
        code="scope-missing",
        status=403,
        milliseconds=0.4,
    )
    line = as_line(Record(7, "w0", 1, event, "ab"), plain)
    assert line.split() == [
        "2027-01-15T08:00:00.250Z", "#7", "refuse", "403", "GET", "/bookings/9",
        "mallory", "scope-missing", "0.4", "ms", "r1",
    ]  # fmt: skip


def test_line_of_an_intent():
    """The intent of a sensitive request is told from its outcome."""
    event = Event(time=0.0, request="r1", kind="intent", verdict="allow", method="POST", path="/x")
    assert "  (intent)  anonymous  " in as_line(Record(7, "w0", 1, event, "ab"), plain)


def test_line_of_the_recorder():
    """What the recorder notes has neither verdict nor request."""
    event = Event(time=0.0, request="", kind="lost", note="8 events were not recorded")
    assert as_line(Record(7, "w0", 1, event, "ab"), plain).endswith(
        "#7        lost  8 events were not recorded"
    )


@pytest.mark.parametrize("seconds", [1e30, -1e30, 1e15])
def test_impossible_times_are_shown(seconds):
    """A time that no calendar has is shown as a number, never as a stack trace."""
    assert stamp(seconds)


def test_report_of_a_whole_ledger():
    """A whole ledger says how much was verified, and the head to keep."""
    report = Report(None, 200, 1, 0, "199:ab")
    text = report_text(report, plain)
    assert text.startswith("whole: 200 records in 1 segment, 0 to 199\nhead: 199:ab\nhint: ")
    assert json.loads(report_json(report)) == {
        "ok": True, "records": 200, "segments": 1, "first": 0, "head": "199:ab", "damage": None,
    }  # fmt: skip


def test_report_of_a_broken_ledger():
    """A broken one says what, where as file:line, and how much before it is whole."""
    damage = Damage("changed", "led/0.jsonl", 19, 17, "record 17 is changed")
    text = report_text(Report(damage, 17, 1, 0, "16:ab"), plain)
    assert text == (
        "broken (changed): record 17 is changed\nat: led/0.jsonl:19\n"
        "whole before it: 17 records in 1 segment"
    )
    assert json.loads(report_json(Report(damage, 17, 1, 0, "16:ab")))["damage"]["line"] == 19
