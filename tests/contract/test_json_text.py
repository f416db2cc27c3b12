import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.contract.errors import ContractError
from yett.contract.json_text import MAX_DEPTH, read_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def refused(data):
    with pytest.raises(ContractError) as caught:
        read_json(data, "a.json")
    (found,) = caught.value.findings
    return found.rule, found.line, found.message


@given(JSON, st.sampled_from([None, 0, 1, 2, "\t"]))
def test_what_is_json_is_read_as_it_was_meant(value, indent):
    """Any value in any layout comes back equal, integers exactly."""
    text = json.dumps(value, indent=indent, ensure_ascii=indent != 1)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    assert read_json(data, "a.json") == value


@pytest.mark.parametrize(
    ("data", "rule", "line", "words"),
    [
        (b'{"a": 1,\n "a": 2}', "document-duplicate-key", 2, "`a` comes twice"),
        (b'{"x": {"a": 1,\n\n "\\u0061": 2}}', "document-duplicate-key", 3, "`a` comes twice"),
        (
            b'[{"a": "a"}, {"a": {}, \n"b": "\\"a\\":", "b" : 1}]',
            "document-duplicate-key",
            2,
            "`b`",
        ),
        (b'{"a": 1,\n}', "document-syntax", 1, "not JSON: trailing comma"),
        (b'{"a": 1', "document-syntax", 1, "end of data"),
        (b'{\n"a": NaN}', "document-syntax", 2, "not JSON"),
        (b"[1e999]", "document-syntax", 1, "infinity"),
        (b"[-Infinity]", "document-syntax", 1, "not JSON"),
        (b"{} {}", "document-syntax", 1, "after document"),
        (b"\xef\xbb\xbf{}", "document-syntax", 1, "byte order mark"),
        (b'{"a": "\x01"}', "document-syntax", 1, "control character"),
        (b"[" * 300 + b"]" * 300, "document-bounds", 0, f"deeper than {MAX_DEPTH} levels"),
        (b"[" * 100_000 + b"]" * 100_000, "document-bounds", 0, "deeper"),
        (b"[" * 100_000, "document-bounds", 0, "deeper"),
    ],
)
def test_json_with_two_readings_is_refused_by_name(data, rule, line, words):
    """Whatever two parsers could read differently has a rule, a line and words."""
    found = refused(data)
    assert found[:2] == (rule, line)
    assert words.lower() in found[2].lower()


def test_integers_beyond_64_bits_stay_exact():
    """A float would be made of them by orjson alone."""
    value = read_json(b'{"maximum":18446744073709551616}', "a")
    assert value == {"maximum": 18446744073709551616}
    assert type(value["maximum"]) is int


def test_floats_keep_their_value():
    """A spelling that is written differently again takes the slow path and is equal."""
    assert read_json(b"[1.10, 1e3, 0.1, -0.0]", "a") == [1.1, 1000.0, 0.1, 0.0]
    assert math.copysign(1, read_json(b"[-0.0]", "a")[0]) == -1


@pytest.mark.parametrize("cut", range(1, 40))
def test_truncated_text_is_refused_wherever_it_is_cut(cut):
    """No prefix of a document is a document."""
    data = json.dumps({"openapi": "3.1.0", "paths": {"/a": [1, 2.5, None, True, "x"]}}).encode()
    assert refused(data[:-cut])[0] == "document-syntax"


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(data):
    """A parser fed with noise answers a value or a ContractError."""
    with contextlib.suppress(ContractError):
        read_json(data, "a.json")
