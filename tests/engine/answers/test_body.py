"""The body of an answer: one reading or none, and written so that it means the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.engine.answers.body import MAX_ANSWER_KEYS, may_be_json, read_answer, write_answer
from yett.policy.model import Fault

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_what_is_written_is_read_again(value):
    """Every JSON value, integers of any size too, comes back as it was."""
    assert read_answer(write_answer(value)) == value
    assert read_answer(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"a":1,"a":2}',
        b'[{"a":{"b":1,"b":1}}]',
        b"NaN",
        b"\xef\xbb\xbf{}",
        b"[" * 70 + b"]" * 70,
    ],
)
def test_what_has_no_single_reading_is_a_fault(raw):
    """Repeated members, other encodings, depth and what is no JSON are all refused."""
    assert isinstance(read_answer(raw), Fault)


def test_an_answer_may_be_larger_than_a_request():
    """A list of a thousand records of fifty fields is read; what has no end is not."""
    assert len(read_answer(write_answer([{f"f{n}": n for n in range(50)}] * 1000))) == 1000
    assert isinstance(read_answer(write_answer([{"a": 1}] * (MAX_ANSWER_KEYS + 1))), Fault)


def test_depth_is_told_without_escapes_and_with_them():
    """Brackets inside of strings are none, however the string is written."""
    for text in ("]" * 100, "[" * 100, '\\"[' * 100):
        assert read_answer(write_answer([text] * 100)) == [text] * 100
    deep: list = []
    for _ in range(70):
        deep = ["]", deep]
    assert isinstance(read_answer(write_answer(deep)), Fault)
    assert isinstance(read_answer(json.dumps([deep, '"']).encode()), Fault)


def test_what_may_be_json():
    """By name, by suffix, or because nothing is said."""
    assert all(map(may_be_json, ("application/json", "application/problem+json", "")))
    assert not any(map(may_be_json, ("text/html", "application/jsonl", "application/x-ndjson")))
