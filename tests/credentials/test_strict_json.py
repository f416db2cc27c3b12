"""JSON with one reading."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.credentials.strict_json import MAX_JSON_DEPTH, read_object


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":1,"a":2}', "has duplicate members"),
        (b'{"a":1,"\\u0061":2}', "has duplicate members"),
        (b'{"x":[{"a":1,"a":1}]}', "has duplicate members"),
        (b'{"a":NaN}', "has a number that is not JSON"),
        (b'{"a":-Infinity}', "has a number that is not JSON"),
        (b'{"a":1e999}', "has a number that is out of range"),
        (b'{"a":' + b"9" * 20 + b"}", "has a number that is out of range"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        (b'{"a":"\xff"}', "is not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "is not UTF-8"),
        (b'{"a":"\\ud800"}', "is not UTF-8"),
        (b'{"\\udfff":1}', "is not UTF-8"),
        (b"{}x", "is not JSON"),
        (b"{'a':1}", "is not JSON"),
        (b'{"a":01}', "is not JSON"),
        (b'{"a":+1}', "is not JSON"),
        (b'{"a":1,}', "is not JSON"),
        (b'{"a":"\n"}', "is not JSON"),
        (b"{}\x00", "is not JSON"),
        (b"\x0c{}", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b"", "is not JSON"),
    ],
)
def test_what_parsers_disagree_about_is_refused(raw, reason):
    """Each form that another parser might read differently has no reading here."""
    assert read_object(raw) == reason


def test_depth_is_bounded_exactly():
    """The cap counts real nesting, brackets inside strings are text."""
    nest = MAX_JSON_DEPTH - 1
    assert isinstance(read_object(b'{"a":' + b"[" * nest + b"]" * nest + b"}"), dict)
    assert read_object(b'{"a":' + b"[" * (nest + 1) + b"]" * (nest + 1) + b"}") == (
        "is nested too deeply"
    )
    text = json.dumps({"a": '[{"\\' * 100}).encode()
    assert read_object(text) == json.loads(text)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'"' + b"\\" * 99_999,
        b"[" * 20 + b'"' + b'\\"' * 50_000,
        b"[" * 20 + b'"' + b"\\" * 99_999,
        b"[" * 20 + b'"' * 99_999,
        b"[" * 20 + b'"a' * 50_000,
        b"{" * 20 + b'"[' * 50_000,
    ],
)
def test_bombs_are_cheap(raw):
    """A hundred thousand levels, quotes or backslashes are refused in linear time."""
    started = time.thread_time()
    assert isinstance(read_object(raw), str)
    assert time.thread_time() - started < 0.2  # measured: 5 ms; quadratic would be minutes


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.booleans())
def test_plain_json_is_read_as_python_reads_it(value, ascii_only):
    """Honest objects are read whole."""
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    read = read_object(raw)
    assert read == value or read == "is nested too deeply"


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_reason(raw):
    """The parser never raises, and its reasons never quote the input."""
    assert isinstance(read_object(raw), dict | str)
