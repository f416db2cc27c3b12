"""A media type has one reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.media import ContentType, choose, is_utf8, parse_content_type


@pytest.mark.parametrize(
    ("raw", "name", "parameters"),
    [
        (b"application/json", "application/json", {}),
        (b"Application/JSON; Charset=UTF-8", "application/json", {"charset": "UTF-8"}),
        (b'a/b;x="y z" ; w=v;', "a/b", {"x": "y z", "w": "v"}),
        (b"a/b;", "a/b", {}),
    ],
)
def test_parsed(raw, name, parameters):
    """Names are lower-case, values as written, quotes are taken off."""
    assert parse_content_type(raw) == ContentType(name, parameters)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"json",
        b"application/",
        b"/json",
        b"application/json, text/html",
        b"application/json;charset",
        b"application/json;charset=utf-8;charset=utf-7",
        b"application/json charset=utf-8",
        b'a/b;x="y',
        b"a/b;x=y z",
        b"a/b\x00",
        b"a/\xc3\xa9",
        b"a/b;" + b"x" * 600,
        b"a b/c",
        b"multipart/form-data; boundary=a; boundary*0=b",
        b"multipart/form-data; boundary=a; boundary*=utf-8''b",
        b"application/json; charset*=utf-7''utf-7",
    ],
)
def test_refused(raw):
    """Lists, repeated or broken parameters and odd bytes are no media type."""
    assert parse_content_type(raw) is None


@pytest.mark.parametrize(
    ("name", "declared", "found"),
    [
        ("application/json", ("application/json",), "application/json"),
        ("application/json", ("text/plain",), None),
        ("application/a+json", ("application/*+json", "application/*"), "application/*+json"),
        ("image/png", ("image/*", "*/*"), "image/*"),
        ("image/png", ("*/*",), "*/*"),
        ("image/png", ("application/*",), None),
    ],
)
def test_chosen(name, declared, found):
    """The most specific declared entry is the one that counts."""
    assert choose(name, declared) == found


def test_charsets():
    """Only UTF-8 is a charset; what says none is UTF-8."""
    assert is_utf8(ContentType("a/b", {}))
    assert is_utf8(ContentType("a/b", {"charset": "UTF-8"}))
    assert not is_utf8(ContentType("a/b", {"charset": "utf-7"}))


@given(st.binary())
def test_any_bytes(raw):
    """Any bytes are a type or none, never an exception."""
    parse_content_type(raw)
