"""JSON has one reading, or it is refused; and reading it is bounded."""

from __future__ import annotations

import json
import math
import time

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from yett.policy.jsonbody import MAX_JSON_CONTAINERS, MAX_JSON_DEPTH, MAX_JSON_KEYS, read_json
from yett.policy.model import Fault


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "malformed"),
        (b"NaN", "malformed"),
        (b'{"a":Infinity}', "malformed"),
        (b"[-Infinity]", "malformed"),
        (b"1e400", "malformed"),
        (b"01", "malformed"),
        (b"+1", "malformed"),
        (b"1.", "malformed"),
        (b".5", "malformed"),
        (b"0x10", "malformed"),
        (b"1_0", "malformed"),
        ("٣".encode(), "malformed"),
        (b"'a'", "malformed"),
        (b"[1,]", "malformed"),
        (b'{"a":1,}', "malformed"),
        (b'{"a":1}{"b":2}', "malformed"),
        (b'{"a":1} trailing', "malformed"),
        (b"[1]\x00", "malformed"),
        (b"// c\n1", "malformed"),
        (b"/**/1", "malformed"),
        (b"\xef\xbb\xbf{}", "malformed"),
        ('{"a":1}'.encode("utf-16"), "malformed"),
        (b'"\xed\xa0\x80"', "malformed"),
        (b'"\\ud800"', "malformed"),
        (b'"\xff"', "malformed"),
        (b'"\xc0\x80"', "malformed"),
        (b'"a\nb"', "malformed"),
        (b"9" * 5000, "malformed"),
        (b'{"a":1,"a":2}', "repeated"),
        (b'{"a":1, "a":1}', "repeated"),
        (b'{"role":1,"r\\u006fle":2}', "repeated"),
        (b'{"a":{"b":[{"c":1,"c":2}]}}', "repeated"),
        (b'{"a":":","a":"::"}', "repeated"),
        (b'{"k":"\\u003a\\u003a","a":1,"a":2}', "repeated"),
        (b'{"k":"\\u003A\\u003A\\u00e9","a":1,"a":2}', "repeated"),
        (b'{"":1,"":2}', "repeated"),
        (b"[" * 65 + b"]" * 65, "deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deep"),
        (b"[" * 100_000, "deep"),
        (b"[" * 100_000 + b"]" * 100_000, "deep"),
        (b'{"a":' * 100_000, "deep"),
        (b"[[],[]," + b"[" * 64 + b"]" * 64 + b"]", "deep"),
    ],
)
def test_refused(raw, code):
    """Whatever two parsers may read differently, or cannot bear, is refused with its reason."""
    found = read_json(raw)
    assert isinstance(found, Fault)
    assert found.code == code


@pytest.mark.parametrize(
    ("raw", "forward"),
    [
        (b'{"a":1}', b'{"a":1}'),
        (b' { "a" : [ 1 , 2 ] }\r\n', b' { "a" : [ 1 , 2 ] }\r\n'),
        (b'{"a": "x  y: z"}', b'{"a": "x  y: z"}'),
        (b'{"a":"\\u00e9"}', '{"a":"é"}'.encode()),
        (b'{"a": "\\u003a"}', b'{"a":":"}'),
        (b"18446744073709551616", b"18446744073709551616"),
        (b'{"n": 123456789012345678901234567890}', b'{"n":123456789012345678901234567890}'),
        (b"1E2", b"100.0"),
        (b"0.1000000000000000055511151231257827", b"0.1"),
        (b"-0", b"0"),
        (b"[" * 64 + b"]" * 64, b"[" * 64 + b"]" * 64),
    ],
)
def test_forwarded(raw, forward):
    """Bytes that differ only in white space go on as they are, others as they were read."""
    found = read_json(raw)
    assert not isinstance(found, Fault)
    assert found[1] == forward


def test_exact_integers():
    """An integer beyond 64 bits stays an integer, also where the text is spaced."""
    for raw in (b"[18446744073709551616]", b'{"a" : 18446744073709551616, "b":"\\u00e9"}'):
        value, _ = read_json(raw)
        assert 18446744073709551616 in (value if isinstance(value, list) else value.values())


def test_keys_are_counted():
    """More members than the cap are refused; colons in strings are none."""
    many = b"{" + b",".join(b'"%d":1' % i for i in range(MAX_JSON_KEYS + 1)) + b"}"
    assert read_json(many).keyword == "maxProperties"
    assert read_json(b'{"a":"' + b":" * (MAX_JSON_KEYS + 9) + b'"}')[0]["a"]


def test_containers_are_counted():
    """More arrays and objects than the cap are refused; brackets in strings are none."""
    assert isinstance(read_json(b"[" + b"[]," * (MAX_JSON_CONTAINERS - 2) + b"[]]"), tuple)
    for piece in (b"[],", b"{},"):
        many = b"[" + piece * MAX_JSON_CONTAINERS + b"0]"
        assert read_json(many).code == "deep"
    assert read_json(b'["' + b"[" * (MAX_JSON_CONTAINERS + 9) + b'"]')[0]


def test_hostile_bytes_are_cheap():
    """100,000 levels, and quotes that would make a pattern backtrack, cost under 5 ms of CPU."""
    bodies = [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b'"' + b'\\"' * 50_000,
        b"[" * 100 + b'"' + b'\\"' * 20_000 + b'"' + b"]" * 100,
        b'{"a" :"' + b"\\\\" * 20_000 + b'"}',
    ]
    for body in bodies:
        read_json(body)
        best = min(_cost(body) for _ in range(5))
        assert best < 0.005


def _cost(body):
    start = time.thread_time()
    read_json(body)
    return time.thread_time() - start


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda below: st.one_of(
        st.lists(below), st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), below)
    ),
    max_leaves=20,
)


@given(value=JSON, indent=st.sampled_from([None, 2]), ascii_only=st.booleans())
def test_every_value_is_read(value, indent, ascii_only):
    """What json writes in any spelling is read as the same value, and so is what goes on."""
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    found = read_json(raw)
    assert not isinstance(found, Fault)
    assert found[0] == value or _is_close(found[0], value)
    again = read_json(found[1])
    assert again[0] == found[0]
    assert again[1] == found[1]


def _is_close(one, two):
    return json.dumps(one) == json.dumps(two)


@given(
    pairs=st.lists(st.tuples(st.sampled_from(["a", "b", ":", '\\"', "é", "\\u003a"]), JSON)),
    gap=st.sampled_from(["", " ", "\n"]),
)
@example(pairs=[("\\u003a", "::"), ("a", 1), ("a", 1)], gap="")
def test_repeated_keys_never_pass(pairs, gap):
    """An object passes only if its names, once read, are all different."""
    body = ",".join(f'"{name}"{gap}:{gap}{json.dumps(value)}' for name, value in pairs)
    names = [json.loads(f'"{name}"') for name, _ in pairs]
    found = read_json(f"{{{body}}}".encode())
    if len(set(names)) != len(names):
        assert isinstance(found, Fault)
    elif not isinstance(found, Fault):
        assert list(found[0]) == names


@settings(max_examples=500)
@given(raw=st.one_of(st.binary(), st.text(alphabet='[]{}",:\\u0093ad eE+-.\n').map(str.encode)))
def test_any_bytes(raw):
    """Any bytes are a value both parsers agree on, or a Fault; never an exception."""
    found = read_json(raw)
    if isinstance(found, Fault):
        return
    value, forward = found
    assert json.loads(forward) == value == json.loads(raw)
    assert not isinstance(value, float) or math.isfinite(value)


def test_depth_is_exact():
    """The cap counts levels, of arrays and objects alike, wherever they stand."""
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        inner = b"1"
        body = opening * MAX_JSON_DEPTH + inner + closing * MAX_JSON_DEPTH
        assert not isinstance(read_json(body), Fault)
        assert read_json(opening + body + closing).code == "deep"
    mixed = orjson.dumps([{"a": [{"b": []}]}] * 500)
    assert not isinstance(read_json(mixed), Fault)
